package storm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// Result is what a storm did, and the same storm again and again. Durations are
// in nanoseconds in JSON.
type Result struct {
	Machines int           `json:"machines"`
	Known    int           `json:"known"`
	Within   time.Duration `json:"within_ns"`
	Idle     time.Duration `json:"idle_ns"` // slowest of some boots of one machine alone
	Storms   []*Storm      `json:"storms"`
}

// Storm is one of them.
type Storm struct {
	Served    int           `json:"served"`
	Took      time.Duration `json:"took_ns"` // from the first power-on to the last machine's end
	Stages    []Stage       `json:"stages"`
	Failures  []Failure     `json:"failures"`
	Bytes     int64         `json:"loader_bytes"`
	Strangers int           `json:"strangers"`                // DISCOVERs of the flood
	PeakRSS   int64         `json:"appliance_peak_rss_bytes"` // 0: not on this host
	Recovery  time.Duration `json:"recovery_ns"`              // until a boot alone took what it took idle
	Recovered bool          `json:"recovered"`
}

// Stage is how long machines took for a part of their boot, of those that got
// through it.
type Stage struct {
	Name    string        `json:"name"`
	Served  int           `json:"served"`
	Retries int           `json:"retries"` // of all machines together
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
	P100    time.Duration `json:"p100_ns"`
}

// Failure counts the machines that ended in a stage for one reason.
type Failure struct {
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Unserved is how many machines did not get to the end, over all storms.
func (r *Result) Unserved() (all int) {
	for _, s := range r.Storms {
		all += r.Machines - s.Served
	}
	return all
}

func summary(courses []course) *Storm {
	s := &Storm{Failures: []Failure{}}
	why := map[Failure]int{}
	for _, c := range courses {
		s.Bytes += c.bytes
		if c.err == nil {
			s.Served++
		} else {
			why[Failure{Stage: stageNames[c.failed], Reason: c.err.Error()}]++
		}
	}
	for f, n := range why {
		f.Count = n
		s.Failures = append(s.Failures, f)
	}
	slices.SortFunc(s.Failures, func(a, b Failure) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Reason, b.Reason))
	})
	for stage := range stages {
		s.Stages = append(s.Stages, stageOf(courses, stage))
	}
	return s
}

func stageOf(courses []course, stage int) Stage {
	one := Stage{Name: stageNames[stage]}
	var took []time.Duration
	for _, c := range courses {
		one.Retries += c.retries[stage]
		if c.err == nil || c.failed > stage {
			took = append(took, c.took[stage])
		}
	}
	if one.Served = len(took); one.Served == 0 {
		return one
	}
	slices.Sort(took)
	one.P50, one.P99, one.P100 = rank(took, 50), rank(took, 99), took[len(took)-1]
	return one
}

// rank is the nearest rank of a percentile.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

// JSON writes the result for programs.
func (r *Result) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table writes it for people.
func (r *Result) Table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, s := range r.Storms {
		fmt.Fprintf(w, "storm %d of %d: %d of %d machines served in %s, %d MB of loaders\n",
			i+1, len(r.Storms), s.Served, r.Machines, s.Took.Round(time.Millisecond), s.Bytes/1e6)
		fmt.Fprintln(w, "STAGE\tSERVED\tRETRIES\tP50\tP99\tP100")
		for _, g := range s.Stages {
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\n", g.Name, g.Served, g.Retries, human(g.P50), human(g.P99), human(g.P100))
		}
		for _, f := range s.Failures {
			fmt.Fprintf(w, "failed: %d in %s: %s\n", f.Count, f.Stage, f.Reason)
		}
		if s.Strangers > 0 {
			fmt.Fprintf(w, "flood: %d DISCOVERs of strangers meanwhile\n", s.Strangers)
		}
		after := "quiet again after " + human(s.Recovery)
		if !s.Recovered {
			after = "not quiet again within " + human(s.Recovery)
		}
		if s.PeakRSS > 0 {
			after = fmt.Sprintf("peak memory %d MiB; %s", s.PeakRSS>>20, after)
		}
		fmt.Fprintf(w, "appliance: %s (a boot alone took at most %s before)\n\n", after, human(r.Idle))
	}
	return w.Flush()
}

func human(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
