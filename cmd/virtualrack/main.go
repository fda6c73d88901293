// Command virtualrack runs a rack of virtual machines with an appliance in it,
// has boot storms on it, plays recorded machines again, and compares the
// appliance with its peers.
//
// It holds flags, signals, exit codes and printing; the rack is package
// server/virtualrack, storms, recordings and comparisons are packages storm,
// replay and bench below it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type cli struct {
	Run    runCmd    `cmd:"" help:"Start a rack and an appliance, power the machines on, and keep them until Ctrl-C."`
	Storm  stormCmd  `cmd:"" help:"Power thousands of machines on at once, without firmware and images, and tell what each stage of their boots took and what failed."`
	Replay replayCmd `cmd:"" help:"Play a machine that was captured at a site against a fresh appliance, and tell what it hears."`
	Bench  benchCmd  `cmd:"" help:"Compare the appliance with its peers, one line per comparison."`
}

func main() { os.Exit(start(os.Args[1:])) }

// impatience is how long after the first signal another one counts: timeout(1),
// make and shells may pass the same one on twice.
const impatience = 2 * time.Second

// start runs the command until it is done or a signal ends it. The first signal
// ends it in order; a later one ends the process at once, and the kernel ends
// everything in its namespaces with it.
func start(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(impatience, stop) })
	exited := -1 // --help ends with a code instead of an error
	parser := kong.Must(&cli{}, kong.Name("virtualrack"),
		kong.Description("A rack of virtual machines with simulated BMCs, on a network that leaves no host."),
		kong.Exit(func(code int) { exited = code }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "virtualrack: %v; virtualrack --help shows what there is\n", err)
		return 2
	}
	code := 0
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(&code); err != nil {
		fmt.Fprintln(os.Stderr, "virtualrack:", err)
		return max(code, 1)
	}
	return code
}
