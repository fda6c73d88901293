package serverdb

import (
	"cmp"
	"fmt"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// DHCPOptions gives the option sets of the plan as packets need them.
func (d *DB) DHCPOptions() *machine.OptionTable { return d.settings.Load().options }

// OptionSets gives them as people wrote them, by name.
func (d *DB) OptionSets() []*machine.OptionSet { return d.settings.Load().plan.optionSets() }

func (p plan) optionSets() (all []*machine.OptionSet) {
	for _, row := range p.list(machine.KindOption) {
		if set, ok := row.Item.(*machine.OptionSet); ok {
			all = append(all, set)
		}
	}
	return all
}

// withinSubnets refuses an option set for a subnet that there is not.
func (w *Write) withinSubnets(p machine.Plan) error {
	set, ok := p.(*machine.OptionSet)
	if !ok || len(set.Subnets) == 0 {
		return nil
	}
	have, err := w.tx.Subnets()
	if err != nil {
		return err
	}
	for _, name := range set.Subnets {
		switch s, err := subnetOf(have, name); {
		case err != nil:
			return wrong("option "+set.Name, "subnets", name, "there is no such subnet: firstlight subnet ls lists those that there are")
		case s.Is6():
			return wrong("option "+set.Name, "subnets", name, "it is an IPv6 network, and these are options of DHCPv4: leave it out")
		}
	}
	return nil
}

// liftOptions makes option sets of the options that subnets had as lists of their
// own, before there were sets. A list said that the first option of a code that
// matches counts: each run of one selector becomes a set, of a priority that
// keeps that order.
func (w *Write) liftOptions() error {
	lists, err := w.tx.TakeSubnetOptions()
	if err != nil {
		return err
	}
	for subnet, list := range lists {
		for i, set := range setsOf(subnet, list) {
			set.Name = fmt.Sprintf("subnet-%.50s", subnet)
			if i > 0 {
				set.Name += fmt.Sprintf("-%d", i+1)
			}
			if err := w.tx.PutPlan(PlanItem{Item: set, Version: 1}); err != nil {
				return err
			}
		}
	}
	return nil
}

func setsOf(subnet string, list []store.SubnetOption) (all []*machine.OptionSet) {
	var last *machine.OptionSet
	codes := map[uint8]bool{}
	for _, o := range list {
		code, _, _ := o.Encode()
		if last == nil || last.Match != o.Match {
			last, codes = &machine.OptionSet{Subnets: []string{subnet}, Match: o.Match}, map[uint8]bool{}
			all = append(all, last)
		}
		if !codes[code] {
			codes[code] = true
			last.Options = append(last.Options, o.Option)
		}
	}
	for i, set := range all {
		set.Priority = cmp.Compare(len(all), 1) * (len(all) - i)
	}
	return all
}
