package serverdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// consider lets the rules decide on a machine that is registered, or that is
// available and not what it was.
func (w *Write) consider(id string, subnet *machine.Subnet, changed bool) (*machine.Machine, error) {
	m, err := w.Machine(id)
	if err != nil {
		return nil, err
	}
	if m.Status == machine.Available && changed && w.OpenJob(id) == nil {
		err := w.Transition(m, Change{
			From: m.Status, To: machine.Registered, Who: whoAgent, Why: "changed", Sentence: "its hardware or the contents of its disks changed",
			Evidence: machine.Evidence{machine.GuardNoJob: "none"},
		})
		if err != nil {
			return nil, err
		}
		if m, err = w.Machine(id); err != nil {
			return nil, err
		}
	}
	if m.Status != machine.Registered {
		return m, nil
	}
	return w.judge(m, subnet)
}

// judge moves a registered machine on, unless its hardware is to be checked first or
// is being checked: then the check does.
func (w *Write) judge(m *machine.Machine, subnet *machine.Subnet) (*machine.Machine, error) {
	if w.OpenJob(m.ID) != nil {
		return m, nil
	}
	m, err := w.full(m)
	if err != nil {
		return nil, err
	}
	v := discovery.Judge(m, w.known(m, subnet))
	if v.Check > 0 {
		if err := w.Mark(m, func(m *machine.Machine) { m.CheckFor = v.Check }); err != nil {
			return nil, err
		}
		return w.Machine(m.ID)
	}
	if !v.Accept {
		if err := w.Transition(m, Change{From: m.Status, To: machine.Held, Who: whoAgent, Why: v.Reason, Sentence: v.Sentence}); err != nil {
			return nil, err
		}
		return w.Machine(m.ID)
	}
	return w.accept(m, v, Change{Who: "rule " + v.Rule.Name, Why: "accepted by rule " + v.Rule.Name})
}

// known is what a machine is held against as this write sees it.
func (w *Write) known(m *machine.Machine, subnet *machine.Subnet) discovery.Known {
	return w.db.known(m, subnet, w.machines)
}

// known is what a machine is held against, beside all machines.
func (d *DB) known(m *machine.Machine, subnet *machine.Subnet, all func() []*machine.Machine) discovery.Known {
	return discovery.Known{
		Subnet: subnet.Name, Rules: d.Rules(), Accepted: func(rule string) int { return accepted(all(), rule, m.ID) },
		Released: released(m), Plan: d.settings.Load().plan, Images: d.Images(),
	}
}

// accept makes a machine available by a verdict, and goes on as its rule says.
func (w *Write) accept(m *machine.Machine, v discovery.Verdict, c Change) (*machine.Machine, error) {
	m, err := w.melt(m)
	if err != nil {
		return nil, err
	}
	c.From, c.To, c.Evidence, c.Waived = m.Status, machine.Available, v.Evidence, v.Waived
	next := m.Clone()
	if v.Rule != nil {
		c.Apply = v.Rule.Take
		v.Rule.Take(next)
	}
	if closed, err := w.await(next, c.From, c.To); err != nil || len(closed) > 0 {
		return m, err
	}
	if err := w.Transition(m, c); err != nil {
		return nil, err
	}
	if m, err = w.Machine(m.ID); err != nil || v.Rule == nil || v.Rule.Image == "" {
		return m, err
	}
	return w.Allocate(m, Claim{Who: "rule " + v.Rule.Name, Role: v.Rule.Role, Image: v.Rule.Image})
}

// melt thaws a frozen machine that a rule accepts by a fresh report.
func (w *Write) melt(m *machine.Machine) (*machine.Machine, error) {
	if !m.Flags.Frozen {
		return m, nil
	}
	if err := w.Mark(m, w.thaw); err != nil {
		return nil, err
	}
	if err := w.thawed(m, "its disks are empty, so that nothing can be lost"); err != nil {
		return nil, err
	}
	return w.Machine(m.ID)
}

// released tells which disks a person gave free.
func released(m *machine.Machine) map[string]bool {
	set := map[string]bool{}
	for serial := range m.Released {
		set[serial] = true
	}
	return set
}

// accepted counts the machines that a rule accepted, without one.
func accepted(all []*machine.Machine, rule, but string) int {
	n := 0
	for _, m := range all {
		if m.Rule == rule && m.ID != but && m.Status != machine.Retired {
			n++
		}
	}
	return n
}

// Claim is what an available machine is allocated for.
type Claim struct {
	Who, Role, Pool, Owner, Image string
}

// Allocate reserves an available machine and gives it its host name, in one
// transaction.
func (w *Write) Allocate(m *machine.Machine, c Claim) (*machine.Machine, error) {
	host, err := w.hostname(m.Site, c.Role)
	if err != nil {
		return nil, err
	}
	ev := machine.Evidence{machine.GuardEmptyDisks: "proven when it became available, unchanged since"}
	if !m.Flags.Locked {
		ev[machine.GuardUnlocked] = "not locked"
	}
	if w.OpenJob(m.ID) == nil {
		ev[machine.GuardNoJob] = "none"
	}
	err = w.Transition(m, Change{
		From: machine.Available, To: machine.Allocated, Who: c.Who, Why: "for role " + c.Role, Evidence: ev,
		Apply: func(m *machine.Machine) {
			m.Hostname, m.Role, m.Pool, m.Owner, m.Image = host, c.Role, c.Pool, c.Owner, c.Image
		},
	})
	if err != nil {
		return nil, err
	}
	return w.Machine(m.ID)
}

// hostname gives the first free name of a site's pattern.
func (w *Write) hostname(site, role string) (string, error) {
	pattern := w.db.Patterns[site]
	if pattern == "" {
		pattern = DefaultPattern
	}
	base := strings.NewReplacer("<site>", site, "<role>", role).Replace(pattern)
	if !strings.Contains(base, "<n>") {
		return "", fmt.Errorf("host name pattern %q of site %s: has no <n>, so that no two machines could have it", pattern, site)
	}
	for n := 1; ; n++ {
		name := strings.ToLower(strings.ReplaceAll(base, "<n>", fmt.Sprint(n)))
		if !machine.ValidLabel(name) {
			return "", fmt.Errorf("host name %q of pattern %q: want at most 63 letters, digits and inner dashes", name, pattern)
		}
		if taken, err := w.hostnameTaken(name); err != nil || !taken {
			return name, err
		}
	}
}

// DefaultPattern is how host names are made where a site says nothing.
const DefaultPattern = "<site>-<role>-<n>"

// ReleaseDisks gives the disks of a held machine free and lets the rules decide
// again. typed must be the machine's name: the one proof that a person read
// which machine it is.
func (d *DB) ReleaseDisks(ctx context.Context, who Actor, id, typed string) error {
	return d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(id)
		if err != nil {
			return err
		}
		if typed != m.Name {
			return fmt.Errorf("name %q: type %s, the machine's name, to give its disks free", typed, m.Name)
		}
		if m.Status != machine.Held || m.Reason != discovery.ReasonDisks || m.Owned || m.Flags.Fenced {
			return fmt.Errorf("machine %s is %s (%s): only a machine that is held for its disks, had no owner here and is not fenced, can be released by name", m.Name, m.Status.Human(), m.Reason)
		}
		var what []string
		if m, err = w.full(m); err != nil {
			return err
		}
		next := m.Clone()
		if next.Released == nil {
			next.Released = map[string]string{}
		}
		for _, disk := range m.Facts.Disks {
			if len(disk.Contents) > 0 && disk.Serial == "" {
				return fmt.Errorf("disk %s; it has no serial number, so that it cannot be released: empty or remove it", discovery.Describe(disk))
			}
			if len(disk.Contents) > 0 {
				next.Released[disk.Serial] = who.Name
				what = append(what, "disk "+disk.Serial+": "+discovery.Describe(disk))
			}
		}
		if err := w.put(next); err != nil {
			return err
		}
		if err := w.Audit(who, "release disks", m.Name, strings.Join(what, "; "), "free to be overwritten"); err != nil {
			return err
		}
		return w.Recheck(next, who.Name, "released by name: "+strings.Join(what, "; "))
	})
}

// Recheck lets the rules decide again, by its last report, on a machine that
// is held, or broken and nobody's.
func (d *DB) Recheck(ctx context.Context, who, id string) error {
	return d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(id)
		if err != nil {
			return err
		}
		if m.Status != machine.Held && m.Status != machine.Broken {
			return &machine.IllegalError{Name: m.Name, From: m.Status, To: machine.Registered}
		}
		return w.Recheck(m, who, "checked again")
	})
}

// Judge lets the rules decide on a machine that is registered, by its last report.
func (d *DB) Judge(ctx context.Context, id string) error {
	return d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(id)
		if err != nil || m.Status != machine.Registered {
			return err
		}
		subnet, err := w.db.reportedFrom(m)
		if err != nil {
			return err
		}
		_, err = w.judge(m, subnet)
		return err
	})
}

var errNoReport = errors.New("it has not reported from a subnet of ours: power it on, then check again")

// Recheck registers a machine anew and lets the rules decide by its last report.
func (w *Write) Recheck(m *machine.Machine, who, why string) error {
	if m.Flags.Frozen && !fresh(m) {
		return &FrozenError{m.Name, machine.Available} // by a report of before the restore
	}
	if err := w.Event(journal.Event{Machine: m.ID, Source: journal.People, Text: strings.ToUpper(why[:1]) + why[1:], Who: who}); err != nil {
		return err
	}
	ev := machine.Evidence{}
	if !m.Owned && !m.Flags.Fenced {
		ev[machine.GuardNoOwner] = "never had one, or proven erased since"
	}
	if err := w.Transition(m, Change{From: m.Status, To: machine.Registered, Who: who, Why: "re-check", Sentence: why, Evidence: ev}); err != nil {
		return err
	}
	m, err := w.Machine(m.ID)
	if err != nil {
		return err
	}
	subnet, err := w.db.reportedFrom(m)
	if err != nil {
		return err
	}
	_, err = w.judge(m, subnet)
	return err
}

// reportedFrom is the subnet of a machine's last report.
func (d *DB) reportedFrom(m *machine.Machine) (*machine.Subnet, error) {
	subnet, ok := d.SubnetFor(m.Address())
	if !ok || m.ReportedAt.IsZero() {
		return nil, errNoReport
	}
	return subnet, nil
}
