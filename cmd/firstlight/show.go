package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"firstlight/cmd/firstlight/output"
)

// formFlags choose how an answer is printed.
type formFlags struct {
	Output string `short:"o" enum:"table,json,yaml" default:"table" help:"table, json (as the API says it) or yaml."`
}

// showFlags choose how one thing is printed.
type showFlags struct {
	formFlags
	Watch bool `short:"w" help:"Print again what changes, until Ctrl-C."`
}

// showing is a command that shows one thing: where it is, and what a person
// reads of it.
type showing[T any] struct {
	path    string
	machine string // whose events tell that it may have changed; empty: all
	lines   func(output.Printer, T) []string
}

// reply is a thing as it was read, and as the API wrote it.
type reply[T any] struct {
	value T
	text  json.RawMessage
}

// run shows it once, or for as long as somebody watches, and gives what it read
// first.
func (s showing[T]) run(ctx context.Context, h *host, r *remote, f showFlags) (T, error) {
	a, err := r.open(h)
	if err != nil {
		return *new(T), err
	}
	read := func() (one reply[T], err error) {
		one.text, err = a.Get(ctx, s.path, nil, &one.value)
		return one, err
	}
	first, err := read()
	switch {
	case err != nil:
		return first.value, err
	case f.Watch:
		return first.value, watch(ctx, a.Changes(ctx, s.machine), s.view(h, f.Output), first, read)
	}
	return first.value, s.print(h, f.formFlags, first)
}

func (s showing[T]) print(h *host, f formFlags, one reply[T]) error {
	p := h.printer(f.Output)
	if f.Output != "table" {
		return p.Document(one.text)
	}
	return p.Lines(s.lines(p, one.value))
}

// view is how one thing is watched.
func (s showing[T]) view(h *host, form string) view[reply[T]] {
	if t := h.screen(h.out); t != nil && form == "table" {
		return &screenView[reply[T]]{screen: output.Screen{T: t}, lines: func(one reply[T]) []string {
			return s.lines(h.printer(form), one.value)
		}}
	}
	return &showView[T]{troubles: troubles{h: h}, showing: s, form: form}
}

// showView prints what changes of one thing: lines of it, or all of it as a
// document.
type showView[T any] struct {
	troubles
	showing[T]
	form   string
	before *reply[T]
}

func (v *showView[T]) show(now reply[T]) error {
	v.over()
	before := v.before
	if before != nil && bytes.Equal(before.text, now.text) {
		return nil
	}
	v.before = &now
	p := v.h.printer(v.form)
	if v.form != "table" {
		return p.Next(now.text)
	}
	lines := v.lines(p, now.value)
	if before != nil { // by one clock: an age grows by itself
		old := v.lines(p, before.value)
		lines = slices.DeleteFunc(lines, func(line string) bool { return slices.Contains(old, line) })
	}
	return p.Lines(lines)
}
