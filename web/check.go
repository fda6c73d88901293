package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// canCheck: nobody has it, and nothing holds it.
func canCheck(m *machine.Machine) bool {
	switch m.Status {
	case machine.Registered, machine.Held, machine.Available, machine.Broken, machine.Repairing:
		return !m.Owned && !m.Flags.Locked && !m.Flags.Frozen && !m.Flags.Fenced
	default:
		return false
	}
}

func (s *Site) askCheck(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Check the hardware of " + m.Name, Of: m, Action: machineURL(m) + "/check", Back: machineURL(m), Button: "Check it",
		Says: []string{
			"Its agent tests processors, memory, disks, sensors and the way to the appliance. Nothing is written to it. It is switched into the agent where it is not there.",
			"It becomes available when it passes and nothing else is wrong, and is held when it fails. From an hour on all that makes heat runs at once.",
		},
		Choices: &choices{Name: "for", Label: "For how long", All: []choice{
			{"", "as its rule asks, or ten minutes", true},
			{"2m", "two minutes", false},
			{"30m", "half an hour", false},
			{"4h", "four hours", false},
			{"24h", "a day", false},
			{"72h", "three days", false},
		}},
	}), nil
}

func (s *Site) check(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askCheck, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		var long time.Duration
		if text := r.PostFormValue("for"); text != "" {
			var err error
			if long, err = time.ParseDuration(text); err != nil {
				return fmt.Errorf("for %.40q: want a time such as 10m", text)
			}
		}
		_, err := s.Actions.Check(ctx, u, m.Name, long, nil)
		return err
	})(w, r)
}

// checkData is the last check of a machine: the verdict, what is bad, and every
// figure with its samples.
type checkData struct {
	*machine.CheckRecord
	For    string
	Bad    []string
	Groups []figureGroup
}

// figureGroup is what one test measured.
type figureGroup struct {
	Test    string
	Summary string
	Rows    []figureRow
}

type figureRow struct {
	machine.Finding
	Spark spark
}

// lastCheck is the newest check with its samples; nil: it was never checked.
func (s *Site) lastCheck(ctx context.Context, m *machine.Machine) (*checkData, error) {
	all, err := s.Data.Checks(ctx, m.ID)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	c, err := s.Data.CheckRecord(ctx, all[0].Job)
	if err != nil {
		return nil, fmt.Errorf("check %s of %s: %w", all[0].Job, m.Name, err)
	}
	d := &checkData{CheckRecord: c, For: machine.Span(time.Duration(c.Seconds) * time.Second)}
	for _, f := range c.Findings {
		if f.Is.Bad() {
			d.Bad = append(d.Bad, sentence(f.Sentence))
		}
		i := slices.IndexFunc(d.Groups, func(g figureGroup) bool { return g.Test == f.Test })
		if i < 0 {
			i = len(d.Groups)
			d.Groups = append(d.Groups, figureGroup{Test: f.Test})
		}
		d.Groups[i].Rows = append(d.Groups[i].Rows, figureRow{f, newSpark(f.Samples)})
	}
	for i := range d.Groups {
		d.Groups[i].Summary = d.Groups[i].summary()
	}
	return d, nil
}

// summary counts the figures of a test by what they are worth.
func (g figureGroup) summary() string {
	n := map[machine.Worth]int{}
	for _, r := range g.Rows {
		n[r.Is]++
	}
	var all []string
	for _, w := range []machine.Worth{machine.Fails, machine.Odd, machine.Unjudged, machine.Well} {
		if n[w] > 0 {
			all = append(all, fmt.Sprintf("%d %s", n[w], strings.ReplaceAll(string(w), "-", " ")))
		}
	}
	return strings.Join(all, ", ")
}

// spark is a curve of samples, without axes: its points, and its ends in words.
type spark struct {
	Points    string
	Low, High float64
}

const (
	sparkWidth  = 120
	sparkHeight = 18
)

// newSpark draws samples from zero on, so that what is flat looks so.
func newSpark(samples []float64) (s spark) {
	if len(samples) < 2 {
		return s
	}
	s.Low, s.High = slices.Min(samples), slices.Max(samples)
	top, floor := max(s.High, 0), min(s.Low, 0)
	if top == floor {
		top = floor + 1
	}
	var b strings.Builder
	for i, v := range samples {
		x := float64(i) * sparkWidth / float64(len(samples)-1)
		y := sparkHeight - 1 - (v-floor)/(top-floor)*(sparkHeight-2)
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
	}
	s.Points = strings.TrimSpace(b.String())
	return s
}
