package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firstlight/server/machine"
)

// rackData is a rack's page.
type rackData struct {
	Name, About, URL string
	Summary          summary
	Needs            needsData
	Elevation        elevation
}

// elevation is a rack as it is seen from both sides, from the top down.
type elevation struct {
	Name     string
	Units    []unitRow
	Unplaced []mount
}

// unitRow is one unit. A machine stands in the row of its highest unit, over as
// many rows as it has units.
type unitRow struct {
	Unit        int
	Front, Rear bay
}

// bay is what one face of a unit shows: a machine, nothing, or more of the
// machine above.
type bay struct {
	Face  machine.Face
	Mount *mount
	Free  bool
}

// mount is a machine on one face of its rack; comparable like a tile.
type mount struct {
	tile
	Face   machine.Face // of the drawing; empty: it has no unit
	Height int
	Port   string // of the switch that it boots through
	Left   string // time that its work still takes
	Asks   bool
}

func rackURL(name string) string { return "/racks/" + url.PathEscape(name) }

// rackNamed finds the rack that an address names: one of the plan, or one in
// which machines say that they stand.
func (s *Site) rackNamed(r *http.Request) (*machine.Rack, []*machine.Machine, error) {
	name := r.PathValue("name")
	rack := s.Data.Rack(name)
	var some []*machine.Machine
	for _, m := range s.Data.Machines() {
		if m.Rack == name && m.Status != machine.Retired {
			some = append(some, m)
		}
	}
	if rack == nil && len(some) == 0 {
		return nil, nil, fmt.Errorf("rack %.64q: %w", name, machine.ErrNotFound)
	}
	if rack == nil {
		rack = &machine.Rack{Name: name, Site: some[0].Site}
	}
	return rack, some, nil
}

func (s *Site) rack(r *http.Request) (view, error) {
	rack, some, err := s.rackNamed(r)
	if err != nil {
		return view{}, err
	}
	d := rackData{
		Name: rack.Name, About: aboutRack(rack), URL: rackURL(rack.Name), Summary: summarise(some).within("rack", rack.Name),
		Needs: topNeeds(s.needs(r, some, false)).within("rack", rack.Name), Elevation: s.elevation(rack, some),
	}
	return view{
		title: rack.Name, template: "rack", data: d,
		fragments: []fragment{
			{id: "summary", template: "summary", data: d.Summary},
			{id: "needs", template: "needs", data: d.Needs},
			{id: "elevation", template: "elevation", data: d.Elevation, key: d.Elevation.signature(), parts: d.Elevation.parts()},
		},
	}, nil
}

func aboutRack(r *machine.Rack) string {
	about := []string{}
	for _, part := range []struct{ word, value string }{{"site ", r.Site}, {"room ", r.Room}} {
		if part.value != "" {
			about = append(about, part.word+part.value)
		}
	}
	if r.Units > 0 {
		about = append(about, plural(r.Units, "unit", "units"))
	}
	return join(" · ", append(about, r.Note)...)
}

func (s *Site) elevation(rack *machine.Rack, some []*machine.Machine) elevation {
	drawn := machine.Elevate(rack, some)
	e := elevation{Name: rack.Name, Units: make([]unitRow, len(drawn.Rows))}
	for i, row := range drawn.Rows {
		e.Units[i] = unitRow{row.Unit, s.bay(row.Front, row.Unit, machine.Front), s.bay(row.Rear, row.Unit, machine.Rear)}
	}
	for _, m := range drawn.Unplaced {
		e.Unplaced = append(e.Unplaced, s.mount(m, ""))
	}
	return e
}

func (s *Site) bay(m *machine.Machine, unit int, face machine.Face) bay {
	switch {
	case m == nil:
		return bay{Face: face, Free: true}
	case !m.Top(unit):
		return bay{}
	}
	shown := s.mount(m, face)
	return bay{Face: face, Mount: &shown}
}

func (s *Site) mount(m *machine.Machine, face machine.Face) mount {
	job, _ := s.Data.OpenJob(m.ID)
	left, bound := machine.Left(m, job, s.Now())
	return mount{
		tile: s.tile(m), Face: face, Height: max(m.Height, 1), Port: portOf(m), Left: leftText(left, bound), Asks: len(s.Data.IssuesOf(m.ID)) > 0,
	}
}

// ElementID is that of its element: a machine that fills both faces is drawn
// twice.
func (m mount) ElementID() string { return "mount-" + string(cmp.Or(m.Face, "none")) + "-" + m.ID }

// portOf is where the plan wants the interface that a machine boots through, or
// where it was seen.
func portOf(m *machine.Machine) string {
	for _, n := range m.NICs {
		if n.MAC != m.BootMAC() {
			continue
		}
		if n.Switch != "" || n.Port != "" {
			return join(" ", n.Switch, n.Port)
		}
		return join(" ", n.SeenSwitch, n.SeenPort)
	}
	return ""
}

// leftText spells the time that is left so roughly that a tile seldom changes.
func leftText(left time.Duration, bound bool) string {
	var text string
	switch {
	case left <= 0:
		return ""
	case left <= 50*time.Second:
		text = fmt.Sprintf("%d s", (left+10*time.Second-1)/(10*time.Second)*10)
	default:
		text = fmt.Sprintf("%d min", (left+time.Minute-1)/time.Minute)
	}
	if bound {
		return "≤ " + text
	}
	return text + " left"
}

// signature changes when a machine must be drawn elsewhere.
func (e elevation) signature() string {
	var b strings.Builder
	at := func(m *mount, unit int) {
		if m != nil {
			fmt.Fprintf(&b, "%s@%d+%d,", m.ElementID(), unit, m.Height)
		}
	}
	fmt.Fprintf(&b, "%d:", len(e.Units))
	for _, u := range e.Units {
		at(u.Front.Mount, u.Unit)
		at(u.Rear.Mount, u.Unit)
	}
	for i := range e.Unplaced {
		at(&e.Unplaced[i], 0)
	}
	return b.String()
}

func (e elevation) parts() (all []fragment) {
	add := func(m *mount) {
		if m != nil {
			all = append(all, fragment{id: m.ElementID(), template: "mount", data: *m, key: *m})
		}
	}
	for _, u := range e.Units {
		add(u.Front.Mount)
		add(u.Rear.Mount)
	}
	for i := range e.Unplaced {
		add(&e.Unplaced[i])
	}
	return all
}
