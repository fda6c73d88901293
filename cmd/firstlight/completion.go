package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"firstlight/cmd/firstlight/complete"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish. Load it with: source <(firstlight completion bash), the same for zsh, and: firstlight completion fish | source."`
}

// Scripts ask completeCmd at each press of Tab, so that they never are of
// another version than the commands.
var (
	//go:embed completion/bash
	bashCompletion string
	//go:embed completion/zsh
	zshCompletion string
	//go:embed completion/fish
	fishCompletion string
)

// Run prints a script for the shell.
func (c *completionCmd) Run(h *host) error {
	_, err := io.WriteString(h.out, map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell])
	return err
}

// completeCmd is what the scripts ask: what may stand at the cursor, one word on
// a line with its meaning behind a tab. The first line is files where a file may
// stand there too, else words.
type completeCmd struct {
	Breaks string `help:"Characters at which bash begins a new word."`
	Line   string `arg:"" help:"The command line up to the cursor."`
}

// Run never fails: whoever presses Tab wants no error on the line.
func (c *completeCmd) Run(ctx context.Context, h *host, app *kong.Kong) error {
	line := complete.ParseLine(c.Line)
	all, files := complete.At(app.Model.Node, line, namer{ctx, h}.names)
	var b strings.Builder
	b.WriteString(map[bool]string{true: "files\n", false: "words\n"}[files])
	done := 0
	if line.Quote == 0 {
		done = strings.LastIndexAny(line.Last, c.Breaks) + 1
	}
	for _, one := range all {
		fmt.Fprintf(&b, "%s\t%s\n", one.Value[done:], one.Help) //nolint:errcheck // into memory
	}
	_, err := io.WriteString(h.out, b.String())
	return err
}
