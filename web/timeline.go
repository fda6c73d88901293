package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"firstlight/server/bootclock"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// timelineData is what happened to a machine, newest first.
type timelineData struct {
	URL     string // of the machine's page
	Source  string // shown alone; empty: all
	Sources []journal.Source
	Rows    []timelineRow
	Older   int64 // the id before which the next page begins; 0: no more
	Paged   bool
}

// timelineRow is an event, or the silence before one.
type timelineRow struct {
	journal.Event
	Gap     string
	Right   string // bytes, duration, who
	Details []detail
}

type detail struct{ Name, Value string }

// Bounds of the page.
const (
	timelinePage = 100
	clockEvents  = 400 // enough for the boots of an install and the hours around them
	gapFrom      = 5 * time.Second
)

// sources in the order of a boot.
var sources = []journal.Source{
	journal.DHCP, journal.Files, journal.Boot, journal.Agent, journal.Log, journal.BMC, journal.Job,
	journal.Status, journal.DNS, journal.System, journal.People,
}

// timeline reads the events for the stage clock and the rows of the page.
func (s *Site) timeline(r *http.Request, m *machine.Machine) ([]journal.Event, timelineData, error) {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	d := timelineData{URL: machineURL(m), Source: r.URL.Query().Get("source"), Sources: sources, Paged: before > 0}
	newest, err := s.Data.Timeline(r.Context(), m.ID, 0, clockEvents)
	if err != nil {
		return nil, d, fmt.Errorf("timeline of %s: %w", m.Name, err)
	}
	events := newest
	if d.Paged {
		if events, err = s.Data.Timeline(r.Context(), m.ID, before, clockEvents); err != nil {
			return nil, d, fmt.Errorf("timeline of %s: %w", m.Name, err)
		}
	}
	d.Rows, d.Older = timelineRows(events, journal.Source(d.Source))
	return newest, d, nil
}

// byTime is events in the order of when they began, newest first.
func byTime(events []journal.Event) []journal.Event {
	sorted := bootclock.InOrder(events)
	slices.Reverse(sorted)
	return sorted
}

// timelineRows takes a page of the events of a source, all for "".
func timelineRows(events []journal.Event, only journal.Source) (rows []timelineRow, older int64) {
	page, older := pageOf(events, only)
	sorted := byTime(page)
	for i, e := range sorted {
		rows = append(rows, newTimelineRow(e))
		if gap := silence(sorted, i); gap != "" && only == "" {
			rows = append(rows, timelineRow{Gap: gap})
		}
	}
	return rows, older
}

// pageOf cuts a page by ids, so that the next one misses nothing.
func pageOf(events []journal.Event, only journal.Source) (page []journal.Event, older int64) {
	for _, e := range events {
		if only != "" && e.Source != only {
			continue
		}
		if len(page) == timelinePage {
			return page, e.ID + 1
		}
		page = append(page, e)
	}
	if len(events) == clockEvents {
		older = events[len(events)-1].ID
	}
	return page, older
}

// silence spells the time between an event and the one before, when it is
// worth a row.
func silence(newestFirst []journal.Event, i int) string {
	if i+1 >= len(newestFirst) {
		return ""
	}
	e, before := newestFirst[i], newestFirst[i+1]
	gap := e.At.Sub(before.At)
	if gap <= gapFrom {
		return ""
	}
	if e.Source == journal.DHCP && (before.Source == journal.BMC || before.Source == journal.Job) {
		return span(gap) + ": firmware"
	}
	return span(gap)
}

func newTimelineRow(e journal.Event) timelineRow {
	row := timelineRow{Event: e}
	var transferred, took string
	if e.Bytes > 0 {
		transferred = discovery.Bytes(uint64(e.Bytes))
	}
	if e.Duration > 0 {
		took = span(e.Duration)
	}
	row.Right = join(" · ", transferred, took, e.Who)
	for _, k := range slices.Sorted(maps.Keys(e.Details)) {
		row.Details = append(row.Details, detail{k, e.Details[k]})
	}
	return row
}
