package web

import (
	"context"
	"fmt"
	"time"

	"firstlight/server/bootclock"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// clockData draws the stages of the last boot as bars, with the median of the
// machine's type as ticks. Lengths are percentages of the drawing's width.
type clockData struct {
	Note   string
	Stages []clockStage
}

type clockStage struct {
	bootclock.Stage
	X, Bar, Cell, Tick string // tick empty: no median known
	Colour             string
}

// cellFloor is the share of the width that the shortest stage gets, so that
// its name fits below.
const cellFloor = 8.0

func (s *Site) clock(ctx context.Context, m *machine.Machine, events []journal.Event) clockData {
	all, peers := s.Insight.Clock(ctx, m, events)
	d := clockData{Stages: drawStages(all), Note: "bar: this boot"}
	if peers > 0 {
		d.Note += fmt.Sprintf(" · tick: median of %d %s", peers, clip(m.Product, 24))
	}
	return d
}

// drawStages gives each stage a cell as wide as the longer of bar and tick,
// and never narrower than the floor.
func drawStages(all []bootclock.Stage) []clockStage {
	var total time.Duration
	for _, s := range all {
		total += max(s.Took, s.Usual)
	}
	if total == 0 {
		return nil
	}
	const gap = 0.3
	free, x := 100-cellFloor*float64(len(all)), 0.0
	drawn := make([]clockStage, 0, len(all))
	for _, s := range all {
		longest := max(s.Took, s.Usual)
		cell := cellFloor + free*float64(longest)/float64(total)
		of := func(d time.Duration) float64 { return (cell - gap) * float64(d) / float64(max(longest, 1)) }
		c := clockStage{
			Stage: s, X: percent(x), Cell: percent(cell - gap), Bar: percent(of(s.Took)),
			Colour: stageColour(s.Name),
		}
		if c.Usual > 0 {
			c.Tick = percent(x + of(c.Usual))
		}
		drawn = append(drawn, c)
		x += cell
	}
	return drawn
}

func percent(f float64) string { return fmt.Sprintf("%.2f%%", f) }

func stageColour(name string) string {
	switch name {
	case "firmware":
		return "absent"
	case "agent", "agent image", "kernel":
		return "agent"
	case "image":
		return "work"
	case "first boot":
		return "rest"
	default:
		return "seen"
	}
}
