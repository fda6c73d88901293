package erase

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"firstlight/agent/report"
)

// board gathers how the disks of an erase get on, and tells it as one: the
// furthest behind says which step it is.
type board struct {
	progress func(report.Progress)

	mu    sync.Mutex
	lines []line
	told  time.Time
}

type line struct {
	name  string
	bytes int64
	step  string
	way   string
	done  float64 // of 1
	ended bool
}

// fraction is how far a disk is in all: reading it back is the second half.
func (l line) fraction() float64 {
	switch {
	case l.ended:
		return 1
	case l.step == report.StepReadBack:
		return 0.5 + l.done/2
	}
	return l.done / 2
}

const (
	told  = 6           // disks that are told by name
	pause = time.Second // between two words while nothing but the numbers changes
)

func (b *board) set(i int, step, way string, done float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &b.lines[i]
	changed := l.step != step || l.way != way
	l.step, l.way, l.done = step, way, done
	b.say(changed)
}

func (b *board) end(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines[i].ended = true
	b.say(true)
}

func (b *board) say(now bool) {
	if !now && time.Since(b.told) < pause {
		return
	}
	b.told = time.Now()
	p := report.Progress{Step: report.StepReadBack}
	var busy []string
	for _, l := range b.lines {
		p.Total += l.bytes
		p.Done += int64(l.fraction() * float64(l.bytes))
		if l.ended {
			continue
		}
		what := l.way
		if l.step == report.StepReadBack {
			what = "read back"
		} else {
			p.Step = report.StepErase
		}
		if what != "" {
			busy = append(busy, fmt.Sprintf("%s %s %.0f%%", l.name, what, 100*l.done))
		}
	}
	if rest := len(busy) - told; rest > 0 {
		busy = append(busy[:told], fmt.Sprintf("%d more", rest))
	}
	p.Message = strings.Join(busy, ", ")
	b.progress(p)
}
