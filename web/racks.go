package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// racksData is the home page.
type racksData struct {
	Search  search
	Summary summary
	Layout  layout
	Needs   needsData
	Moving  []tile
	Done    []figure
}

// tile is a machine in its rack. It is comparable: an equal tile looks equal.
type tile struct {
	ID, URL, Name string
	Group, Word   string
	Extra         string // host name while at rest, percentage while moving
	Place         string
	Sentence      string
	Unit          string
	Percent       int
	Moving        bool
	Locked        bool
	Light         string // of an identify light that is on: blinking or lit
}

// layout is which machines stand in which racks.
type layout struct {
	Racks     []rack
	Empty     bool
	Searched  bool // only what a selector picked is drawn
	Strangers int
	Subnets   []*machine.Subnet
}

type rack struct {
	Name, Note string
	URL        string // empty of those in no rack
	Rows       []rackRow
}

// rackRow is a unit: a machine or nothing.
type rackRow struct {
	Unit string
	Tile *tile
}

func (s *Site) racks(r *http.Request) (view, error) {
	q := parseSearch(r)
	all, err := s.Data.Select(r.Context(), q.selector)
	if err != nil {
		return view{}, err
	}
	tiles := make([]tile, len(all))
	for i, m := range all {
		tiles[i] = s.tile(m)
	}
	d := racksData{
		Search: q, Summary: summarise(all), Layout: s.layout(all, tiles, q.picks()),
		Needs: topNeeds(s.needs(r, all, !q.picks())), Moving: moving(tiles), Done: s.figures.done(r.Context(), all),
	}
	return view{
		title: "Racks", template: "racks", data: d, query: q.Text,
		fragments: []fragment{
			{id: "summary", template: "summary", data: d.Summary},
			{id: "layout", template: "layout", data: d.Layout, key: d.Layout.signature(), parts: tileParts(tiles)},
			{id: "needs", template: "needs", data: d.Needs},
			{id: "moving", template: "moving", data: d.Moving},
			{id: "done", template: "done", data: d.Done},
		},
	}, nil
}

func tileParts(tiles []tile) []fragment {
	parts := make([]fragment, len(tiles))
	for i, t := range tiles {
		parts[i] = fragment{id: "tile-" + t.ID, template: "tile", data: t, key: t}
	}
	return parts
}

func (s *Site) tile(m *machine.Machine) tile {
	t := tile{
		ID: m.ID, URL: machineURL(m), Name: m.Name, Group: group(m.Status), Word: m.Status.Human(),
		Extra: m.Hostname, Place: place(m), Locked: m.Flags.Locked, Unit: unit(m.Unit),
		Sentence: sentence(cmp.Or(m.Sentence, m.Observed.Waits)),
	}
	if shines(m) {
		t.Light = m.Observed.Light
	}
	if m.Status == machine.Registered || t.Group == "work" {
		t.Moving = true
		t.Percent = s.percent(m)
		t.Extra = strconv.Itoa(t.Percent) + " %"
		t.Sentence = sentence(cmp.Or(m.Observed.Waits, m.Sentence))
	}
	return t
}

// percent is how far the machine's job has come: the steps that ended and the
// part of the current one. Without a job it is what the machine itself tells.
func (s *Site) percent(m *machine.Machine) int {
	part := min(max(m.Observed.Progress, 0), 1)
	job, open := s.Data.OpenJob(m.ID)
	if !open || len(job.Steps) == 0 {
		return int(part * 100)
	}
	return int((float64(job.StepIndex()) + min(part, 0.99)) / float64(len(job.Steps)) * 100)
}

func unit(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// layout sorts machines into racks and units.
func (s *Site) layout(all []*machine.Machine, tiles []tile, searched bool) layout {
	byRack := map[string][]int{}
	for i, m := range all {
		name := ""
		if m.Rack != "" {
			name = rackName(m)
		}
		byRack[name] = append(byRack[name], i)
	}
	l := layout{Empty: len(all) == 0, Searched: searched}
	if l.Empty {
		l.Strangers, l.Subnets = countStrangers(s.Data.Strangers()), s.Data.Subnets()
	}
	for name, members := range byRack {
		l.Racks = append(l.Racks, newRack(name, all, tiles, members, searched))
	}
	slices.SortFunc(l.Racks, func(a, b rack) int {
		none := cmp.Compare(strconv.FormatBool(a.Name == ""), strconv.FormatBool(b.Name == ""))
		return cmp.Or(none, cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return l
}

// newRack draws the units from the highest that is used down to the first.
// Machines whose unit nobody said stand below, by name. A search does not draw
// free units: those may hold what it did not pick.
func newRack(name string, all []*machine.Machine, tiles []tile, members []int, searched bool) rack {
	units := map[int][]int{}
	top := 0
	for _, i := range members {
		units[all[i].Unit] = append(units[all[i].Unit], i)
		top = max(top, all[i].Unit)
	}
	r := rack{Name: name, Note: plural(len(members), "machine", "machines")}
	if in := all[members[0]].Rack; in != "" {
		r.URL = rackURL(in)
	}
	if top > 0 && !searched {
		r.Note = fmt.Sprintf("front · u1–u%d", top)
	}
	for u := top; u >= 0; u-- {
		for _, i := range units[u] { // two claim one unit: show both
			r.Rows = append(r.Rows, rackRow{unit(u), &tiles[i]})
		}
		if u > 0 && len(units[u]) == 0 && !searched {
			r.Rows = append(r.Rows, rackRow{Unit: unit(u)})
		}
	}
	return r
}

// signature changes when a tile must move.
func (l layout) signature() string {
	var b strings.Builder
	for _, r := range l.Racks {
		fmt.Fprintf(&b, "%q:", r.Name)
		for _, row := range r.Rows {
			if row.Tile != nil {
				fmt.Fprintf(&b, "%s@%s,", row.Tile.ID, row.Unit)
			}
		}
	}
	fmt.Fprintf(&b, "strangers %d", l.Strangers)
	return b.String()
}

// topNeeds are the first few cards.
func topNeeds(all []needCard) needsData {
	n := min(len(all), maxCards)
	return needsData{all[:n], len(all) - n, "/needs"}
}

func moving(tiles []tile) (some []tile) {
	for _, t := range tiles {
		if t.Moving {
			some = append(some, t)
		}
	}
	return some
}

// countStrangers counts machines, not their events.
func countStrangers(events []journal.Event) int {
	macs := map[machine.MAC]bool{}
	for _, e := range events {
		macs[e.MAC] = true
	}
	return len(macs)
}
