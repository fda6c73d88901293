package netns

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Run runs f inside: it is the whole main function of a program, or TestMain of
// a test, that lives in namespaces of its own. The first process makes them,
// hands the files down as descriptors from 3 on and waits; the second prepares
// them and runs f. SIGINT and SIGTERM are passed on. The result is the code to
// exit with.
func Run(f func() int, files ...*os.File) int {
	if Inside() {
		if err := Prepare(); err != nil {
			return complain(err)
		}
		return f()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	code, err := Reexec(ctx, files...)
	if err != nil {
		return complain(err)
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
