// Command firstlight-agent is the agent: /init of the boot image, and as a
// program on any Linux the reader of what an agent would report.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"firstlight/agent/collect"
	"firstlight/agent/pid1"
	"firstlight/cmd/version"
)

const usage = `usage:
  firstlight-agent report [--pretty]   print what the agent would report of this machine; writes to no disk
  firstlight-agent record              print what the report is made from, as test data for agent/collect
  firstlight-agent version             print the version

As PID 1 it is the agent itself, and reads the kernel's command line.
`

// boot is the word with which PID 1 starts its child.
const boot = "boot"

func main() {
	if os.Getpid() == 1 {
		pid1.Supervise([]string{os.Args[0], boot})
	}
	switch err := run(os.Args[1:], os.Stdout); {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "firstlight-agent:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return flag.ErrHelp
	}
	flags := flag.NewFlagSet("firstlight-agent "+args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	pretty := flags.Bool("pretty", false, "indent the report")
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 || (*pretty && args[0] != "report") {
		return flag.ErrHelp
	}
	switch args[0] {
	case "report":
		return printReport(out, *pretty)
	case "record":
		return collect.Record(os.DirFS("/"), out)
	case "version":
		_, err := fmt.Fprintln(out, version.String())
		return err
	case boot:
		return pid1.Boot(version.String())
	}
	return flag.ErrHelp
}

func printReport(out io.Writer, pretty bool) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	enc := json.NewEncoder(out)
	if pretty {
		enc.SetIndent("", "  ")
	}
	return enc.Encode(pid1.NewFacts(version.String(), log).Collect())
}
