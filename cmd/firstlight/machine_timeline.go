package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/server/api"
)

type machineTimelineCmd struct {
	machineRef
	listJSON
	Limit int `default:"200" help:"The newest so many rows; 0 for all."`
}

// listJSON chooses how rows without a name are printed.
type listJSON struct {
	Output string `short:"o" enum:"table,json" default:"table" help:"table, or json (as the API says it)."`
}

// Run shows what happened, the oldest first, as a log is read.
func (c *machineTimelineCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	rows, err := client.Paged[api.Event](ctx, a, c.path("/timeline"), nil, c.Limit)
	if err != nil {
		return err
	}
	if c.Output == "table" {
		// The API goes by when rows were stored; a person by when things began.
		slices.SortStableFunc(rows.Items, func(x, y api.Event) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
	}
	return printList(h.out, c.Output, rows, eventColumns(gaps(rows.Items)))
}

// longGap is from when on a gap to the row before is shown.
const longGap = 5 * time.Second

// gaps are the long pauses before rows, by their number.
func gaps(rows []api.Event) map[int64]time.Duration {
	all := map[int64]time.Duration{}
	for i := 1; i < len(rows); i++ {
		if d := rows[i].At.Sub(rows[i-1].At); d > longGap {
			all[rows[i].ID] = d
		}
	}
	return all
}

func eventColumns(gaps map[int64]time.Duration) []column[api.Event] {
	return []column[api.Event]{
		{"AT", func(e api.Event) string { return e.At.Local().Format("2006-01-02 15:04:05.000") }},
		{"GAP", func(e api.Event) string { return durationText(gaps[e.ID]) }},
		{"PART", func(e api.Event) string { return e.Source }},
		{"WHAT", func(e api.Event) string { return eventText(e) }},
	}
}

func eventText(e api.Event) string {
	took := durationText(time.Duration(e.DurationSeconds * float64(time.Second)))
	size := ""
	if e.Bytes > 0 {
		size = bytesText(uint64(e.Bytes))
	}
	times := ""
	if e.Count > 1 && e.LastAt != nil {
		times = "seen " + plural(e.Count, "time") + ", last " + clock(*e.LastAt)
	}
	more := joined(size, yes(took != "", "in "+took), times, yes(e.Who != "", "by "+e.Who))
	return strings.TrimSuffix(e.Text+" ("+more+")", " ()")
}

// durationText leaves out what nobody reads.
func durationText(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
