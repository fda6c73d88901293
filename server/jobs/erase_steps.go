package jobs

import (
	"fmt"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

const stepErase = "erase"

// eraseAction needs no reboot at its end: the agent stays, reports what it sees
// now, and the rules decide as on a new machine.
func eraseAction() action {
	return action{
		steps:  append(toTheAgent(), step{name: stepErase, limit: func(l Limits) time.Duration { return l.Erase }, check: checkWrite}),
		writes: stepErase, during: machine.Recycling, doing: "its disks were erased", rest: "a disk that is half erased",
		failed: "erase-failed", cancelled: "erase-cancelled", ends: machine.Broken,
		says: func(_ *machine.Machine, j *machine.Job) string { return "erases " + counted(j.Erase.Disks) },
		sent: func(_ *machine.Machine, j *machine.Job) string {
			return fmt.Sprintf("Order to erase %s sent: %s, attempt %d", counted(j.Erase.Disks), strings.Join(serials(j.Erase.Disks), ", "), j.Attempt)
		},
		secret: trust.ErasePlan, plan: planErase, result: erased,
		touched: func(_ *machine.Machine, j *machine.Job) bool { return !j.Erase.Began.IsZero() },
	}
}

func counted(disks []machine.EraseDisk) string {
	if len(disks) == 1 {
		return "1 disk"
	}
	return fmt.Sprintf("%d disks", len(disks))
}

// planErase names the disks that were confirmed, if they are those that the
// machine shows now: another disk was asked for by nobody, and without one of
// them the machine would not be proven clean.
func planErase(e *Engine, w *serverdb.Write, m *machine.Machine, j *machine.Job) (any, error) {
	now, err := eraseDisks(m)
	if err == nil {
		err = sameDisks(j.Erase.Disks, now)
	}
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w: %w", m.Name, err, boot.ErrRefused)
	}
	if j.Erase.Began.IsZero() {
		j.Erase.Began = e.Now()
	}
	plan := &report.ErasePlan{}
	var names []string
	for _, d := range j.Erase.Disks {
		plan.Disks = append(plan.Disks, report.Target{Serial: d.Serial, Bytes: d.Bytes})
		names = append(names, d.Serial+", "+discovery.Bytes(d.Bytes))
	}
	return plan, w.Event(journal.Event{
		Machine: m.ID, Source: journal.Agent, Job: j.ID, Text: "Redeemed the erase token; plan accepted: erase " + strings.Join(names, "; "),
	})
}

func sameDisks(want, now []machine.EraseDisk) error {
	sizes := map[string]uint64{}
	for _, d := range now {
		sizes[d.Serial] = d.Bytes
	}
	for _, d := range want {
		size, there := sizes[d.Serial]
		switch {
		case !there:
			return fmt.Errorf("disk %s of the plan is not there any more", d.Serial)
		case size != d.Bytes:
			return fmt.Errorf("disk %s has %s, and had %s when it was asked for", d.Serial, discovery.Bytes(size), discovery.Bytes(d.Bytes))
		}
		delete(sizes, d.Serial)
	}
	for serial := range sizes {
		return fmt.Errorf("disk %s came after the erase was asked for", serial)
	}
	return nil
}

// reasonErased is why a machine is registered whose erase was verified.
const reasonErased = "erased"

// reportAnew asks the agent of a machine whose disks were just erased, or that was
// repaired, what it sees now.
func reportAnew(m *machine.Machine, seen string) *report.Order {
	order := fmt.Sprintf("%s/report/%d", m.ID, m.Since.UnixNano())
	if m.Status != machine.Registered || m.Reason != reasonErased && m.Reason != machine.ReasonRepaired || !m.ReportedAt.IsZero() || seen == order {
		return nil
	}
	return &report.Order{ID: order, Action: report.ActionReport, Sentence: "looks at its hardware again"}
}
