package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"firstlight/server/config"
)

// Exit codes, as --help lists them.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// failure is an error with the exit code it ends in.
type failure struct {
	code int
	err  error
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

// host is what a command has of the machine and the person it runs for.
type host struct {
	in       io.Reader
	out, err io.Writer
}

func newHost() *host {
	return &host{in: os.Stdin, out: os.Stdout, err: os.Stderr}
}

// fail tells what went wrong, if anything did, and gives the exit code.
func (h *host) fail(err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(h.err, "firstlight:", err) //nolint:errcheck // there is nowhere else to tell it
	var f failure
	var problems config.Problems
	switch {
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &problems):
		return exitUsage
	}
	return exitFailed
}
