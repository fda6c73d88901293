package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firstlight/cmd/firstlight/output"
)

// Exit codes, as --help lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitRefused     = 4
	exitNotAllowed  = 5
	exitUnreachable = 6
	exitInterrupted = 130
)

// codes explains them.
const codes = `Exit codes:
  0    done
  1    failed
  2    wrong usage, or a configuration that is not right
  3    there is no such thing
  4    refused: a value, a status, a lock or an expected count forbids it
  5    not logged in, or not allowed
  6    no appliance answers
  130  interrupted`

// failure is an error with the exit code it ends in.
type failure struct {
	code int
	err  error
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

// usage refuses what was typed.
func usage(format string, args ...any) error {
	return failure{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// host is what a command has of the machine and the person it runs for.
type host struct {
	in       *os.File
	lines    *bufio.Reader // of in, once a line was asked for
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time
	noColor  bool
	progress *output.Progress // of long work, once there is some
}

func newHost() *host {
	return &host{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, now: time.Now}
}

// screen gives the terminal that w is, if it is one.
func (h *host) screen(w io.Writer) *output.Terminal { return output.TerminalOf(w, h.getenv("TERM")) }

// printer prints in a form. Colours are for a terminal whose owner wants them
// (no-color.org).
func (h *host) printer(form string) output.Printer {
	return output.Printer{
		W: h.out, Form: form, Now: h.now(),
		Colour: !h.noColor && h.getenv("NO_COLOR") == "" && h.screen(h.out) != nil,
	}
}

// fail tells what went wrong, if anything did, and gives the exit code.
func (h *host) fail(err error) int {
	if err == nil {
		return exitOK
	}
	code := exitCode(err)
	err = whereFile(err)
	if code != exitInterrupted {
		h.note("firstlight: %s", strings.ReplaceAll(err.Error(), "\n", "\nfirstlight: "))
	}
	return code
}

// whereFile says of a file that is not there how its name is found. What was
// looked for within a folder of our own (statat, openat) has a remedy already.
func whereFile(err error) error {
	var at *fs.PathError
	if !errors.As(err, &at) || !errors.Is(at.Err, fs.ErrNotExist) || strings.HasSuffix(at.Op, "at") && at.Op != "stat" {
		return err
	}
	dir, bad := filepath.Abs(filepath.Dir(at.Path))
	for bad == nil && dir != "/" {
		if _, absent := os.Stat(dir); absent == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	if bad != nil {
		return err
	}
	return fmt.Errorf("%w; ls %s lists what there is", err, dir)
}

// note tells the person something that is no output.
func (h *host) note(format string, args ...any) {
	h.clear()
	text := fmt.Sprintf(format, args...)
	for line := range strings.Lines(text) {
		fmt.Fprintln(h.err, output.Plain(strings.TrimSuffix(line, "\n"))) //nolint:errcheck // there is nowhere else to tell it
	}
}

// say prints one line of output.
func (h *host) say(format string, args ...any) error {
	h.clear()
	_, err := fmt.Fprintln(h.out, output.Plain(fmt.Sprintf(format, args...)))
	return err
}
