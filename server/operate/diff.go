package operate

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/declare"
	"firstlight/server/machine"
	"firstlight/server/replay"
	"firstlight/server/serverdb"
)

// Proposal is a change that is not made yet: one of its fields.
type Proposal struct {
	Rule     *machine.Rule // added or changed, and put at its place
	DropRule string
	Subnet   *machine.Subnet    // added or changed
	Options  *machine.OptionSet // added or changed
	Bulk     *Bulk
}

// Replayed is how far back a change is held against boots, unless told
// otherwise.
const Replayed = 30 * 24 * time.Hour

// Diff replays the boots since then through a proposal, and says whose answer
// it changes. Nothing is written.
func (d *Desk) Diff(ctx context.Context, who auth.User, p Proposal, back time.Duration) (*replay.Diff, error) {
	now := replay.World{Subnets: map[string]*machine.Subnet{}, Rules: slices.Clone(d.DB.Rules()), Options: d.DB.DHCPOptions()}
	for _, s := range d.DB.Subnets() {
		now.Subnets[s.Name] = s
	}
	then, err := d.proposed(ctx, who, now, p)
	if err != nil {
		return nil, err
	}
	var all []decision
	err = d.DB.DecisionsSince(ctx, d.Now().Add(-cmp.Or(back, Replayed)), func(at time.Time, r *boot.Record) {
		all = append(all, decision{at, r})
	})
	if err != nil {
		return nil, err
	}
	facts, err := d.factsFor(ctx, all)
	if err != nil {
		return nil, err
	}
	r := replay.New(now, then, facts)
	for _, one := range all {
		r.Add(one.at, one.Record)
	}
	return r.Diff(), nil
}

// decision is one of the journal.
type decision struct {
	at time.Time
	*boot.Record
}

// proposed is the world as the proposal makes it.
func (d *Desk) proposed(ctx context.Context, who auth.User, w replay.World, p Proposal) (replay.World, error) {
	asked := 0
	for _, is := range []bool{p.Rule != nil, p.DropRule != "", p.Subnet != nil, p.Options != nil, p.Bulk != nil} {
		if is {
			asked++
		}
	}
	if asked != 1 {
		return w, &Refused{Why: "a rule, a rule to remove, a subnet, DHCP options, or a change of machines: want one of them", Remedy: "ask for each by itself"}
	}
	switch {
	case p.Subnet != nil:
		if err := p.Subnet.Validate(); err != nil {
			return w, explainPlan(err, declare.Subnet())
		}
		w.Subnets = maps.Clone(w.Subnets)
		w.Subnets[p.Subnet.Name] = p.Subnet
	case p.Options != nil:
		if err := p.Options.Validate(); err != nil {
			return w, explainPlan(err, declare.Plan(machine.KindOption))
		}
		others := slices.DeleteFunc(d.DB.OptionSets(), func(o *machine.OptionSet) bool { return o.Name == p.Options.Name })
		w.Options = machine.NewOptionTable(append(others, p.Options))
	case p.Rule != nil:
		if err := p.Rule.Validate(); err != nil {
			return w, explainPlan(err, declare.Rule())
		}
		w.Rules = serverdb.Placed(w.Rules, p.Rule)
	case p.DropRule != "":
		if _, err := d.DB.Rule(p.DropRule); err != nil {
			return w, err
		}
		w.Rules = slices.DeleteFunc(slices.Clone(w.Rules), func(r *machine.Rule) bool { return r.Name == p.DropRule })
	default:
		return d.bulkProposed(ctx, who, w, *p.Bulk)
	}
	return w, nil
}

// bulkProposed tries the change of machines, and takes from it what a boot
// rests on.
func (d *Desk) bulkProposed(ctx context.Context, who auth.User, w replay.World, b Bulk) (replay.World, error) {
	b.Dry = true
	all, _, err := d.bulk(ctx, who, b)
	if err != nil {
		return w, err
	}
	w.Locked = map[string]bool{}
	for _, v := range all {
		if v.Err == nil && slices.Contains(v.Changed, "lock") {
			w.Locked[v.Machine.ID] = b.Lock != nil
		}
	}
	return w, nil
}

// factsFor gathers what a comparison knows of machines. The facts are read of
// those that registered: rules judged them, and they are few.
func (d *Desk) factsFor(ctx context.Context, all []decision) (replay.Facts, error) {
	full, accepted := map[string]*machine.Machine{}, map[string]int{}
	for _, m := range d.DB.Machines() {
		full[m.ID] = m
		if m.Rule != "" && m.Status != machine.Retired {
			accepted[m.Rule]++
		}
	}
	judged, err := d.DB.WithFacts(ctx, d.registered(all))
	if err != nil {
		return replay.Facts{}, err
	}
	maps.Copy(full, judged)
	return replay.Facts{
		Machine: func(id string) *machine.Machine { return full[id] },
		ByMAC: func(mac machine.MAC) *machine.Machine {
			if m, ok := d.DB.ByMAC(mac); ok {
				return full[m.ID]
			}
			return nil
		},
		InUse: d.inUseAs,
		Accepted: func(rule, besides string) int {
			if m := full[besides]; m != nil && m.Rule == rule && m.Status != machine.Retired {
				return accepted[rule] - 1
			}
			return accepted[rule]
		},
		Plan: d.DB.Declared(), Images: d.DB.Images(),
	}, nil
}

// registered are the machines of decisions that registered, or were not known
// and have a record now.
func (d *Desk) registered(all []decision) []*machine.Machine {
	found := map[string]*machine.Machine{}
	for _, one := range all {
		if m, ok := d.DB.ByMAC(one.Request.MAC); ok && (one.Machine == "" || one.Answer.Mode == boot.ModeRegister) {
			found[m.ID] = m
		}
	}
	return slices.Collect(maps.Values(found))
}

// inUseAs names the machine in use whose marks a request shows that comes
// through an interface which nobody knows.
func (d *Desk) inUseAs(r boot.Request) string {
	if _, known := d.DB.ByMAC(r.MAC); known {
		return "" // by its record it boots its own disk
	}
	for _, m := range d.DB.Showing(r) {
		if m.Status == machine.InUse || m.Status == machine.Configuring {
			return m.Name
		}
	}
	return ""
}

// harmless refuses a change that would serve an installer to a machine in use:
// it cannot be saved, by nobody.
func (d *Desk) harmless(ctx context.Context, who auth.User, p Proposal) error {
	diff, err := d.Diff(ctx, who, p, 0)
	if err != nil {
		return err
	}
	all := diff.Forbidden()
	if len(all) == 0 {
		return nil
	}
	const most = 10
	var names []string
	for _, c := range all[:min(len(all), most)] {
		names = append(names, fmt.Sprintf("%s, which asked as %s", c.InUse, c.MAC))
	}
	if more := len(all) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return conflict("it would serve an installer to machines in use, and cannot be saved: "+strings.Join(names, "; "),
		"see all of it with firstlight boot diff, and name what it shall match more narrowly")
}
