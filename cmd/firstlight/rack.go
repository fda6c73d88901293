package main

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

// rackCmd is the list of racks, of which one is shown as a drawing.
type rackCmd struct {
	Ls    planLsCmd[rackKind]  `cmd:"" help:"List all."`
	Show  rackShowCmd          `cmd:"" help:"Draw a rack, front and rear, with what stands in it."`
	Sheet rackSheetCmd         `cmd:"" help:"List what stands in a rack, with serials, MACs, switch ports and BMCs, to take there."`
	Set   planSetCmd[rackKind] `cmd:"" help:"Add one, or change what is given of one."`
	Rm    planRmCmd[rackKind]  `cmd:"" help:"Remove one in which nothing stands."`
}

type rackShowCmd struct {
	planRef[rackKind]
	showFlags
}

// Run draws the rack.
func (c *rackShowCmd) Run(ctx context.Context, h *host) error {
	d := drawing{rule: "-", side: "|", cross: "+", more: ":"}
	if h.unicode() {
		d = drawing{rule: "─", side: "│", cross: "┼", more: "┆"}
	}
	s := showing[api.Elevation]{path: c.path() + "/elevation", lines: d.lines}
	_, err := s.run(ctx, h, &c.remote, c.showFlags)
	return err
}

// unicode tells whether the locale writes UTF-8 (POSIX.1 section 8.2: the first
// of these that is set decides).
func (h *host) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := h.getenv(name); v != "" {
			v = strings.ToLower(strings.ReplaceAll(v, "-", ""))
			return strings.Contains(v, "utf8")
		}
	}
	return false
}

// drawing is what lines are made of.
type drawing struct{ rule, side, cross, more string }

// narrow is the least width of a face.
const narrow = 16

func (d drawing) lines(p output.Printer, e api.Elevation) []string {
	width := narrow
	for _, u := range e.Units {
		for _, s := range []*api.Slot{u.Front, u.Rear} {
			width = max(width, d.slot(s).width())
		}
	}
	all := []string{output.Plain(joined(e.Rack.Name, "site "+e.Rack.Site, yes(e.Rack.Room != "", "room "+e.Rack.Room), plural(e.Rack.Units, "unit")))}
	all = append(all, d.line("front", "rear", width))
	for _, u := range e.Units {
		all = append(all, fmt.Sprintf("%3d %s %s %s %s %s", u.Unit, d.side, d.slot(u.Front).text(p, width), d.side, d.slot(u.Rear).text(p, width), d.side))
	}
	all = append(all, d.line("", "", width))
	for _, s := range e.Unplaced {
		all = append(all, "  ? "+strings.TrimRight(d.slot(&s).text(p, 0), " ")+" (unit not known)")
	}
	return all
}

// line is a rule with the names of the faces.
func (d drawing) line(front, rear string, width int) string {
	part := func(name string) string {
		if name != "" {
			name = " " + name + " "
		}
		return d.rule + name + strings.Repeat(d.rule, width+1-utf8.RuneCountInString(name))
	}
	return "    " + d.cross + part(front) + d.cross + part(rear) + d.cross
}

// slotText is what stands in a unit: a name, the status, and how long it takes.
type slotText struct {
	name   string
	status output.Word
	rest   string
}

func (d drawing) slot(s *api.Slot) slotText {
	switch {
	case s == nil:
		return slotText{}
	case !s.Top:
		return slotText{name: d.more}
	}
	t := slotText{name: output.Plain(s.Name), status: status(s.Status)}
	if s.Progress > 0 && s.Progress < 1 {
		t.rest = percent(s.Progress) + " "
	}
	if s.LeftSeconds > 0 {
		about := "~"
		if s.LeftAtMost {
			about = "<"
		}
		t.rest += about + output.Duration(time.Duration(s.LeftSeconds)*time.Second).String()
	}
	t.rest = strings.TrimSpace(t.rest + yes(s.Locked, " locked") + yes(s.Light != "", " light"))
	return t
}

func (t slotText) width() int {
	return utf8.RuneCountInString(strings.Join(strings.Fields(t.name+" "+t.status.Text+" "+t.rest), " "))
}

// text fills a face.
func (t slotText) text(p output.Printer, width int) string {
	line := t.name
	if t.status.Text != "" {
		line += " " + p.Painted(t.status)
	}
	if t.rest != "" {
		line += " " + t.rest
	}
	return line + strings.Repeat(" ", max(0, width-t.width()))
}
