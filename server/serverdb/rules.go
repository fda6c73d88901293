package serverdb

import (
	"context"
	"errors"
	"slices"
	"strings"

	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// droppedRules is the value of ours that names the rules which people took away:
// a configuration that still has them must not bring them back.
const droppedRules = "rules.dropped"

// seedRules brings the rules of the configuration, but for those that are there
// as people left them, and those that people took away.
func (w *Write) seedRules(rules []*machine.Rule) error {
	have, err := w.tx.Rules()
	if err != nil {
		return err
	}
	gone, err := w.dropped()
	if err != nil {
		return err
	}
	for _, r := range rules {
		if err := r.Validate(); err != nil {
			return err
		}
		if slices.Contains(gone, r.Name) || ruleOf(have, r.Name) != nil {
			continue
		}
		if err := w.tx.PutRule(r); err != nil {
			return err
		}
	}
	return nil
}

func ruleOf(rules []*machine.Rule, name string) *machine.Rule {
	for _, r := range rules {
		if r.Name == name {
			return r
		}
	}
	return nil
}

func (w *Write) dropped() ([]string, error) {
	text, err := w.tx.Meta(droppedRules)
	return strings.Fields(text), err
}

// Rule finds one by name.
func (d *DB) Rule(name string) (*machine.Rule, error) { return theRule(d.Rules(), name) }

// Rule is DB.Rule as this write sees it.
func (w *Write) Rule(name string) (*machine.Rule, error) {
	have, err := w.tx.Rules()
	if err != nil {
		return nil, err
	}
	return theRule(have, name)
}

func theRule(have []*machine.Rule, name string) (*machine.Rule, error) {
	if r := ruleOf(have, name); r != nil {
		return r, nil
	}
	var names []string
	for _, r := range have {
		names = append(names, r.Name)
	}
	return nil, machine.Missing("rule", name, names...)
}

// Try holds a machine against the rules by its last report, as a report or a
// re-check would, and changes nothing.
func (d *DB) Try(ctx context.Context, ref string) (*discovery.Trial, error) {
	m, err := d.Machine(ref)
	if err != nil {
		return nil, err
	}
	subnet, err := d.reportedFrom(m)
	if err != nil {
		return nil, err
	}
	if m, err = d.Full(ctx, m); err != nil {
		return nil, err
	}
	return discovery.Try(m, d.known(m, subnet, d.Machines)), nil
}

// PutRule adds or changes a rule, and puts it at its place in the list: Order
// counts from 1, and 0 is where it stands, or the end for a new one. The others
// move up. found judges what is there (nil: nothing) before anything is written.
func (d *DB) PutRule(ctx context.Context, who Actor, r *machine.Rule, found func(*machine.Rule) error) error {
	if err := r.Validate(); err != nil {
		return &WrongError{err}
	}
	return d.Do(ctx, func(w *Write) error {
		have, err := w.tx.Rules()
		if err != nil {
			return err
		}
		old := ruleOf(have, r.Name)
		if err := found(old); err != nil {
			return err
		}
		if err := w.ruleWithinPlan(r); err != nil {
			return err
		}
		put := *r
		if err := w.placeRule(have, &put); err != nil {
			return err
		}
		if err := w.remembered(put.Name); err != nil {
			return err
		}
		var before any
		if old != nil {
			before = old
		}
		return w.toldOfRule(who, "write rule", "Wrote rule ", put.Name, before, &put)
	})
}

// Placed is a list of rules with r at its place in it.
func Placed(have []*machine.Rule, r *machine.Rule) []*machine.Rule {
	at := len(have)
	others := slices.DeleteFunc(slices.Clone(have), func(o *machine.Rule) bool { return o.Name == r.Name })
	switch old := ruleOf(have, r.Name); {
	case r.Order > 0:
		at = r.Order - 1
	case old != nil:
		at = slices.Index(have, old)
	}
	return slices.Insert(others, min(max(at, 0), len(others)), r)
}

// placeRule numbers all rules anew, with r among them.
func (w *Write) placeRule(have []*machine.Rule, r *machine.Rule) error {
	for i, o := range Placed(have, r) {
		if o != r && o.Order == i+1 {
			continue
		}
		moved := *o
		moved.Order = i + 1
		if o == r {
			r.Order = moved.Order
		}
		if err := w.tx.PutRule(&moved); err != nil {
			return err
		}
	}
	return nil
}

// ruleWithinPlan refuses a rule that sends machines to what there is not.
func (w *Write) ruleWithinPlan(r *machine.Rule) error {
	have, err := w.plan()
	if err != nil {
		return err
	}
	if err := have.knows("rule "+r.Name, r.Refers()); err != nil {
		return err
	}
	if rack := planned[*machine.Rack](have, r.Rack); rack != nil && r.Site != "" && rack.Site != r.Site {
		return wrong("rule "+r.Name, "rack", r.Rack, "it stands at site %s, not %s: give another rack or site", rack.Site, r.Site)
	}
	if _, err := w.db.Image(r.Image); r.Image != "" && err != nil {
		return wrong("rule "+r.Name, "image", r.Image, "it is not in the catalogue: firstlight image ls lists it")
	}
	return nil
}

// DropRule takes a rule out of the list. Machines that it accepted stay.
func (d *DB) DropRule(ctx context.Context, who Actor, name string, found func(*machine.Rule) error) error {
	return d.Do(ctx, func(w *Write) error {
		have, err := w.tx.Rules()
		if err != nil {
			return err
		}
		old, err := theRule(have, name)
		if err != nil {
			return err
		}
		if err := found(old); err != nil {
			return err
		}
		gone, err := w.dropped()
		if err != nil {
			return err
		}
		gone = append(gone, name)
		slices.Sort(gone)
		if err := errors.Join(w.tx.DropRule(name), w.tx.PutMeta(droppedRules, strings.Join(slices.Compact(gone), " "))); err != nil {
			return err
		}
		return w.toldOfRule(who, "remove rule", "Removed rule ", name, old, nil)
	})
}

// remembered takes a rule from those that people took away.
func (w *Write) remembered(name string) error {
	gone, err := w.dropped()
	if err != nil || !slices.Contains(gone, name) {
		return err
	}
	return w.tx.PutMeta(droppedRules, strings.Join(slices.DeleteFunc(gone, func(n string) bool { return n == name }), " "))
}

func (w *Write) toldOfRule(who Actor, action, text, name string, before, after any) error {
	if err := w.AuditChange(who, action, name, before, after); err != nil {
		return err
	}
	if err := w.Event(journal.Event{Source: journal.People, Who: who.Name, Text: text + name}); err != nil {
		return err
	}
	return w.reload()
}
