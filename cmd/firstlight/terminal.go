package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"
)

// terminal tells whether a person can be asked.
func (h *host) terminal() bool {
	_, err := unix.IoctlGetTermios(int(h.in.Fd()), unix.TCGETS)
	return err == nil
}

// ask reads one line. The question goes to stderr: stdout may be a pipe. When
// ctx ends first, the line stays unread: the command ends too.
func (h *host) ask(ctx context.Context, question string) (string, error) {
	if h.terminal() {
		fmt.Fprint(h.err, question) //nolint:errcheck // then the person sees no answer either
	}
	if h.lines == nil {
		h.lines = bufio.NewReader(h.in)
	}
	type answer struct {
		line string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		line, err := h.lines.ReadString('\n')
		got <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-got:
		if a.err != nil && (a.line == "" || !errors.Is(a.err, io.EOF)) {
			return "", usage("an answer is needed to %q, and standard input has none", strings.TrimSpace(question))
		}
		return strings.TrimRight(a.line, "\r\n"), nil
	}
}

// askSecret reads one line without showing it. The terminal shows what is
// typed again afterwards, however that ends.
func (h *host) askSecret(ctx context.Context, question string) (string, error) {
	fd := int(h.in.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return h.ask(ctx, question) // a pipe shows nothing anyway
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
		return "", fmt.Errorf("hide what is typed: %w", err)
	}
	defer func() {
		_ = unix.IoctlSetTermios(fd, unix.TCSETS, before) // the terminal may be gone
		fmt.Fprintln(h.err)                               //nolint:errcheck // the line break that was not shown
	}()
	return h.ask(ctx, question)
}
