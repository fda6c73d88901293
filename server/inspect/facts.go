package inspect

import (
	"context"
	"reflect"

	"firstlight/server/issue"
	"firstlight/server/machine"
)

// looked is what the facts of a machine showed, and for which version of it.
type looked struct {
	version int64
	facts   *issue.Facts
}

// plain stands for all facts in which nothing is wrong, which are most.
var plain = &issue.Facts{}

// look reads the facts of machines that changed since they were read, a bounded
// number of them. After a start, and after a change of the hardware types, that
// is every machine, in turns.
func (i *Inspector) look(ctx context.Context, all []*machine.Machine) error {
	i.retype()
	left := atOnce
	for _, m := range all {
		if i.factsOf(m) != nil {
			continue
		}
		if m.ReportedAt.IsZero() { // there is nothing to read
			i.facts[m.ID] = looked{m.Version, plain}
			continue
		}
		if left--; left < 0 {
			return nil
		}
		full, err := i.DB.Full(ctx, m)
		if err != nil {
			return err
		}
		i.facts[m.ID] = looked{m.Version, remarkable(full, issue.Look(full, i.types[m.Type]))}
	}
	return nil
}

func remarkable(m *machine.Machine, f *issue.Facts) *issue.Facts {
	if f == nil || f.Serial == m.Serial && (!f.BMC || m.BMC.Address != "") && len(f.Differences) == 0 && len(f.Failing) == 0 {
		return plain
	}
	return f
}

// retype takes the hardware types, and forgets what was held against others.
func (i *Inspector) retype() {
	now := map[string]*machine.HardwareType{}
	for _, row := range i.DB.Plan(machine.KindType) {
		if t, ok := row.Item.(*machine.HardwareType); ok {
			now[t.Name] = t
		}
	}
	if !reflect.DeepEqual(now, i.types) {
		i.types = now
		clear(i.facts)
	}
}

// factsOf gives what the facts of a machine show; nil: not looked at as it is.
func (i *Inspector) factsOf(m *machine.Machine) *issue.Facts {
	if l := i.facts[m.ID]; l.version == m.Version {
		return l.facts
	}
	return nil
}
