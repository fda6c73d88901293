package web

import (
	"slices"

	"firstlight/server/diagnosis"
	"firstlight/server/issue"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// wrong are the faults of a machine's boot of which no open issue tells: those
// that stop nothing, and those that the list of issues has not seen yet.
func (s *Site) wrong(m *machine.Machine, newest []journal.Event) []diagnosis.Diagnosis {
	open := s.Data.IssuesOf(m.ID)
	return slices.DeleteFunc(s.Insight.Diagnose(m, newest), func(d diagnosis.Diagnosis) bool {
		kind := issue.KindOf(&d)
		return slices.ContainsFunc(open, func(i *machine.Issue) bool { return i.Kind == kind })
	})
}

// explainStrangers says of each stranger what is wrong with its boot, if anything is.
func (s *Site) explainStrangers(all []stranger, newest []journal.Event) {
	by := map[machine.MAC][]journal.Event{}
	for _, e := range newest {
		by[e.MAC] = append(by[e.MAC], e)
	}
	for i := range all {
		if wrong := s.Insight.Diagnose(nil, by[all[i].MAC]); len(wrong) > 0 {
			all[i].Wrong = &wrong[0]
		}
	}
}
