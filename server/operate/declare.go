package operate

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// SetMachine changes what people declare of a machine: values by the names of
// package declare. Technicians set what they see before the rack: place, cabling
// and notes. version is the one that was read; 0 does not care.
func (d *Desk) SetMachine(ctx context.Context, who auth.User, ref string, version int64, changes map[string]string) (*machine.Machine, error) {
	fields, hands, err := declared(changes)
	if err != nil {
		return nil, err
	}
	m, err := d.find(ref)
	if err != nil {
		return nil, err
	}
	by, err := d.maySet(who, m, hands, changes)
	if err != nil {
		return nil, err
	}
	got, err := d.DB.Set(ctx, m.ID, version, by, func(m *machine.Machine) error { return setFields(m, fields, changes) })
	return got, explainPlan(refusedField(err), declare.Machine())
}

// maySet decides whether somebody may change these fields of a machine.
func (d *Desk) maySet(who auth.User, m *machine.Machine, hands bool, changes map[string]string) (serverdb.Actor, error) {
	a := auth.Change
	if hands && !who.Role.Allows(auth.Engineer) {
		a = auth.Handle
	}
	by, err := may(who, m, a)
	if err != nil {
		return by, err
	}
	return by, d.givable(who, m, changes)
}

// declared finds the fields that change, in the order of the table: what decides
// others comes first. hands tells whether they are all a technician's.
func declared(changes map[string]string) (fields []declare.Field[*machine.Machine], hands bool, err error) {
	if len(changes) == 0 {
		return nil, false, &Refused{Why: "nothing is to be changed", Remedy: "give a field and its value, such as role=db"}
	}
	hands = true
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		f, err := declare.MachineOf(name)
		if err != nil {
			return nil, false, refusedField(err)
		}
		fields, hands = append(fields, f), hands && f.Hands
	}
	order := declare.Names(declare.Machine())
	slices.SortStableFunc(fields, func(a, b declare.Field[*machine.Machine]) int {
		return cmp.Compare(slices.Index(order, a.Name), slices.Index(order, b.Name))
	})
	return fields, hands, nil
}

// setFields sets all. A machine that moves to another rack leaves its unit
// behind, unless the new one is said with it.
func setFields(m *machine.Machine, fields []declare.Field[*machine.Machine], changes map[string]string) error {
	rack := m.Rack
	for _, f := range fields {
		if err := f.Set(m, changes[f.Name]); err != nil {
			return err
		}
	}
	if _, said := changes["unit"]; !said && m.Rack != rack {
		m.Unit = 0
	}
	return nil
}

// givable: people give machines to their own teams, admins to any; and an image
// must be one of the catalogue.
func (d *Desk) givable(who auth.User, m *machine.Machine, changes map[string]string) error {
	if owner, ok := changes["owner"]; ok && owner != m.Owner {
		if _, err := ownerFor(who, m, owner); err != nil {
			return err
		}
	}
	if image := changes["image"]; image != "" && image != m.Image {
		if _, err := d.DB.Image(image); err != nil {
			return &Refused{Field: "image", Value: clip(image), Why: "is not in the catalogue", Remedy: "firstlight image ls lists it"}
		}
	}
	return nil
}

// refusedField names the field that a text could not be read into.
func refusedField(err error) error {
	if wrong, ok := errors.AsType[*declare.Error](err); ok {
		return &Refused{Field: wrong.Field, Value: clip(wrong.Value), Why: wrong.Why}
	}
	return err
}
