package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"firstlight/cmd/firstlight/client"
)

// listFlags choose how a list is printed.
type listFlags struct {
	Output string `short:"o" enum:"table,name,json" default:"table" help:"table, name (one name on a line) or json (as the API says it)."`
}

// showFlags choose how one thing is printed.
type showFlags struct {
	Output string `short:"o" enum:"text,json" default:"text" help:"text, or json (as the API says it)."`
}

// column is one column of a table. The first one of a table is the row's name.
type column[T any] struct {
	head string
	cell func(T) string
}

// printList prints rows in the form that was asked for.
func printList[T any](w io.Writer, format string, rows client.Rows[T], columns []column[T]) error {
	switch format {
	case "json":
		return printJSON(w, map[string]any{"items": append([]json.RawMessage{}, rows.Text...), "total": len(rows.Items)})
	case "name":
		for _, row := range rows.Items {
			if _, err := fmt.Fprintln(w, plain(columns[0].cell(row))); err != nil {
				return err
			}
		}
		return nil
	}
	return printTable(w, rows.Items, columns)
}

func printTable[T any](w io.Writer, rows []T, columns []column[T]) error {
	var text bytes.Buffer
	t := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	line := func(cell func(column[T]) string) {
		for _, c := range columns {
			fmt.Fprint(t, plain(cell(c)), "\t") //nolint:errcheck // into memory
		}
		fmt.Fprintln(t) //nolint:errcheck // into memory
	}
	line(func(c column[T]) string { return c.head })
	for _, row := range rows {
		line(func(c column[T]) string { return c.cell(row) })
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return printTrimmed(w, text.String())
}

// printTrimmed leaves out the blanks that fill the last column.
func printTrimmed(w io.Writer, text string) error {
	for line := range strings.Lines(text) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// printJSON prints for people and programs alike: indented, and no character
// of it changed to something else.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printFacts prints name and value on each line; values that say nothing are
// left out.
func printFacts(w io.Writer, facts [][2]string) error {
	var text bytes.Buffer
	t := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	for _, f := range facts {
		if f[1] != "" {
			fmt.Fprintf(t, "%s\t%s\n", f[0], plain(f[1])) //nolint:errcheck // into memory
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return printTrimmed(w, text.String())
}

// printScript prints text line by line, indented.
func printScript(h *host, text string) error {
	if err := h.say("script"); err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		if err := h.say("  %s", strings.TrimRight(line, "\r\n")); err != nil {
			return err
		}
	}
	return nil
}
