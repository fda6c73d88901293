package logbook

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Handler returns a slog.Handler that makes a line of each record and hands it to
// all of lines. It is stamped with the seconds since the kernel's start as the
// kernel's own messages are: what took how long is then read off the screen. since
// gives that time.
func Handler(since func() time.Duration, lines ...func(line string)) slog.Handler {
	return handler{lines: lines, since: since}
}

type handler struct {
	lines []func(line string)
	since func() time.Duration
	attrs string
}

// Enabled implements slog.Handler.
func (h handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements slog.Handler.
func (h handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "[%9.3f] ", h.since().Seconds())
	if r.Level >= slog.LevelWarn {
		b.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	b.WriteString(r.Message + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attr(a))
		return true
	})
	for _, line := range h.lines {
		line(b.String())
	}
	return nil
}

func attr(a slog.Attr) string {
	v := a.Value.Resolve().String()
	if strings.ContainsAny(v, " =\"") {
		v = fmt.Sprintf("%q", v)
	}
	return " " + a.Key + "=" + v
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.attrs += attr(a)
	}
	return h
}

// WithGroup implements slog.Handler. Lines for people have no groups.
func (h handler) WithGroup(string) slog.Handler { return h }
