// Command firstlight is the network boot appliance and its command line.
//
// It holds flags, signals, exit codes and printing; the appliance is package
// server, and questions to a running one go through package client.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(start())
}

// start runs the command until it is done or a signal ends it. The first signal
// ends the command in order; from then on the default is back, so that a second
// one ends the process at once.
func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], newHost())
}
