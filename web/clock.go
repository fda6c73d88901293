package web

import (
	"context"
	"fmt"
	"time"

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
	stage
	X, Bar, Cell, Tick string // tick empty: no median known
	Usual              time.Duration
	Colour             string
}

// cellFloor is the share of the width that the shortest stage gets, so that
// its name fits below.
const cellFloor = 8.0

func (s *Site) clock(ctx context.Context, m *machine.Machine, events []journal.Event) clockData {
	all := stages(events, s.Now(), group(m.Status) == "work" || m.Status == machine.Registered)
	usual, n := s.figures.usual(ctx, m, s.Data.Machines())
	d := clockData{Stages: drawStages(all, usual), Note: "bar: this boot"}
	if n > 0 {
		d.Note += fmt.Sprintf(" · tick: median of %d %s", n, clip(m.Product, 24))
	}
	return d
}

// drawStages gives each stage a cell as wide as the longer of bar and tick,
// and never narrower than the floor.
func drawStages(all []stage, usual map[string]time.Duration) []clockStage {
	var total time.Duration
	for _, s := range all {
		total += max(s.Took, usual[s.Name])
	}
	if total == 0 {
		return nil
	}
	const gap = 0.3
	free, x := 100-cellFloor*float64(len(all)), 0.0
	drawn := make([]clockStage, 0, len(all))
	for _, s := range all {
		longest := max(s.Took, usual[s.Name])
		cell := cellFloor + free*float64(longest)/float64(total)
		of := func(d time.Duration) float64 { return (cell - gap) * float64(d) / float64(max(longest, 1)) }
		c := clockStage{
			stage: s, X: percent(x), Cell: percent(cell - gap), Bar: percent(of(s.Took)),
			Usual: usual[s.Name], Colour: stageColour(s.Name),
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
