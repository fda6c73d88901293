package check

import (
	"errors"
	"fmt"
	"time"

	"firstlight/agent/report"
)

// entry is one test of a plan, with its place in it.
type entry struct {
	report.CheckTest
	index int
}

func (e entry) within() time.Duration { return time.Duration(e.Seconds) * time.Second }

// schedule is a plan in the order of its carrying out.
type schedule struct {
	groups [][]entry
	beside []entry // from the first to the last of them
	total  time.Duration
}

// Arrange refuses a plan that cannot be meant, and says how long it takes otherwise.
func Arrange(p *report.CheckPlan) (time.Duration, error) {
	s, err := newSchedule(p)
	return s.total, err
}

// newSchedule puts tests that belong together beside each other.
func newSchedule(p *report.CheckPlan) (schedule, error) {
	var s schedule
	if p == nil || len(p.Tests) == 0 {
		return s, errors.New("the order names no test")
	}
	of := map[int]int{} // where a group stands
	for i, t := range p.Tests {
		e := entry{t, i}
		at, seen := of[t.Group]
		switch {
		case t.Seconds < 1 || t.Seconds > report.CheckSeconds:
			return s, fmt.Errorf("the test %q has %d seconds: want 1 to %d", t.Test, t.Seconds, report.CheckSeconds)
		case t.Test == report.TestThermal:
			s.beside = append(s.beside, e)
		case t.Group > 0 && seen:
			s.groups[at] = append(s.groups[at], e)
		default:
			of[t.Group] = len(s.groups)
			s.groups = append(s.groups, []entry{e})
		}
	}
	if len(s.groups) == 0 {
		s.groups, s.beside = [][]entry{s.beside}, nil
	}
	for _, group := range s.groups {
		longest := time.Duration(0)
		for _, e := range group {
			longest = max(longest, e.within())
		}
		s.total += longest
	}
	return s, nil
}
