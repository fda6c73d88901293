package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineTimelineCmd struct {
	machineRef
	listFlags
	Limit int `default:"200" help:"The newest so many rows; 0 for all."`
}

// Run shows what happened, the oldest first, as a log is read; JSON and YAML are
// in the API's order.
func (c *machineTimelineCmd) Run(ctx context.Context, h *host) error {
	gaps := map[int64]time.Duration{}
	read := paged[api.Event](c.path("/timeline"), nil, c.Limit)
	l := listing[api.Event]{columns: eventColumns(gaps), newest: c.Output == output.JSON || c.Output == output.YAML, limited: c.Limit > 0}
	l.read = func(ctx context.Context, a *client.Client) (client.Rows[api.Event], error) {
		rows, err := read(ctx, a)
		// The API goes by when rows were stored; a person by when things began.
		slices.SortStableFunc(rows.Items, func(x, y api.Event) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
		addGaps(gaps, rows.Items)
		return rows, err
	}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

// longGap is from when on a gap to the row before is shown.
const longGap = 5 * time.Second

// addGaps adds the long pauses before rows, by their number.
func addGaps(gaps map[int64]time.Duration, rows []api.Event) {
	for i := 1; i < len(rows); i++ {
		if d := rows[i].At.Sub(rows[i-1].At); d > longGap {
			gaps[rows[i].ID] = d
		}
	}
}

// gapBefore is nothing where a row came soon.
func gapBefore(gaps map[int64]time.Duration, id int64) any {
	if d, long := gaps[id]; long {
		return output.Duration(d)
	}
	return nil
}

func eventColumns(gaps map[int64]time.Duration) []output.Column[api.Event] {
	return []output.Column[api.Event]{
		{Name: "id", Wide: true, Value: func(e api.Event) any { return e.ID }},
		{Name: "at", Value: func(e api.Event) any { return output.Moment(e.At) }},
		{Name: "gap", Value: func(e api.Event) any { return gapBefore(gaps, e.ID) }},
		{Name: "source", Head: "PART", Value: func(e api.Event) any { return e.Source }},
		{Name: "mac", Wide: true, Value: func(e api.Event) any { return e.MAC }},
		{Name: "job", Wide: true, Value: func(e api.Event) any { return e.Job }},
		{Name: "text", Head: "WHAT", Value: func(e api.Event) any { return eventText(e) }},
	}
}

func eventText(e api.Event) string {
	took := output.Duration(e.DurationSeconds * float64(time.Second)).String()
	size := ""
	if e.Bytes > 0 {
		size = output.Size(e.Bytes).String()
	}
	times := ""
	if e.Count > 1 && e.LastAt != nil {
		times = "seen " + plural(e.Count, "time") + ", last " + output.Clock(*e.LastAt)
	}
	more := joined(size, yes(took != "", "in "+took), times, yes(e.Who != "", "by "+e.Who))
	return strings.TrimSuffix(e.Text+" ("+more+")", " ()")
}
