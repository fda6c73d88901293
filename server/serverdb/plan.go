package serverdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// plan is the whole plan in memory. It is replaced as a whole, so that whoever
// holds one sees one state.
type plan map[machine.PlanRef]PlanItem

// PlanItem is an item of the plan with its version.
type PlanItem = machine.PlanItem

// InUseError tells that an item of the plan cannot go, or change, while others
// rest on it.
type InUseError struct {
	Item machine.PlanRef
	By   []string // at most a handful, for people
	N    int
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("%s is in use by %d: %s; change those first", e.Item, e.N, strings.Join(e.By, ", "))
}

// UnknownError tells that something refers to an item that the plan does not
// have.
type UnknownError struct {
	By   string // who refers to it
	Item machine.PlanRef
	Near string // a name that may have been meant
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s: there is no %s %q: %s", e.By, e.Item.Kind, e.Item.Name, e.Remedy())
}

// Remedy is what to do about it.
func (e *UnknownError) Remedy() string {
	hint := fmt.Sprintf("add it first: firstlight %s set %s", e.Item.Kind, e.Item.Name)
	if e.Near != "" {
		hint = "did you mean " + e.Near + "? Otherwise " + hint
	}
	return hint
}

// WrongError tells that what somebody asks for cannot be: its text names what is
// wrong, its value and the remedy.
type WrongError struct{ error }

func (e *WrongError) Unwrap() error { return e.error }

// wrong says of what which field is wrong, and what it should be.
func wrong(of, field string, value any, want string, args ...any) error {
	return &WrongError{&machine.FieldError{Of: of, Field: field, Value: fmt.Sprint(value), Want: fmt.Sprintf(want, args...)}}
}

// Plan gives a list of the plan by name.
func (d *DB) Plan(kind machine.PlanKind) []PlanItem { return d.settings.Load().plan.list(kind) }

func (p plan) list(kind machine.PlanKind) (all []PlanItem) {
	for ref, row := range p {
		if ref.Kind == kind {
			all = append(all, row)
		}
	}
	slices.SortFunc(all, func(a, b PlanItem) int { return machine.CompareNames(a.Item.Key(), b.Item.Key()) })
	return all
}

// PlanOf finds one item of the plan.
func (d *DB) PlanOf(ref machine.PlanRef) (PlanItem, error) {
	if row, ok := d.settings.Load().plan[ref]; ok {
		return row, nil
	}
	return PlanItem{}, d.settings.Load().plan.missing(ref)
}

// PlanOf is DB.PlanOf as this write sees it.
func (w *Write) PlanOf(ref machine.PlanRef) (PlanItem, error) {
	have, err := w.plan()
	if err != nil {
		return PlanItem{}, err
	}
	if row, ok := have[ref]; ok {
		return row, nil
	}
	return PlanItem{}, have.missing(ref)
}

// planned gives a typed item, nil where there is none.
func planned[T machine.Plan](p plan, name string) (item T) {
	var zero T
	if row, ok := p[machine.PlanRef{Kind: zero.Kind(), Name: name}]; ok {
		item, _ = row.Item.(T)
	}
	return item
}

// Rack finds a rack of the plan, nil where there is none.
func (d *DB) Rack(name string) *machine.Rack { return d.settings.Load().plan.Rack(name) }

// HardwareType finds a hardware type, nil where there is none.
func (d *DB) HardwareType(name string) *machine.HardwareType {
	return d.settings.Load().plan.HardwareType(name)
}

// Role finds a role, nil where there is none.
func (d *DB) Role(name string) *machine.Role {
	return planned[*machine.Role](d.settings.Load().plan, name)
}

// Rack, HardwareType and Racked are what machines are held against; see
// discovery.Plan.
func (p plan) Rack(name string) *machine.Rack { return planned[*machine.Rack](p, name) }

func (p plan) HardwareType(name string) *machine.HardwareType {
	return planned[*machine.HardwareType](p, name)
}

func (p plan) Racked(site string) bool {
	for _, row := range p {
		if r, ok := row.Item.(*machine.Rack); ok && r.Site == site {
			return true
		}
	}
	return false
}

func (p plan) missing(ref machine.PlanRef) error {
	return machine.Missing(string(ref.Kind), ref.Name, p.names(ref.Kind)...)
}

func (p plan) names(kind machine.PlanKind) (names []string) {
	for r := range p {
		if r.Kind == kind {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

func near(p plan, ref machine.PlanRef) string {
	if name := nearest(p, ref); name != "" {
		return "; did you mean " + name + "?"
	}
	return ""
}

func nearest(p plan, ref machine.PlanRef) string {
	if name, distance := machine.Nearest(ref.Name, p.names(ref.Kind)); distance <= 2 {
		return name
	}
	return ""
}

// PutPlan adds or changes an item of the plan. version is the one that the
// caller read: 0 does not care, -1 asks that there is none yet. It answers the
// item as it is then.
func (d *DB) PutPlan(ctx context.Context, who Actor, p machine.Plan, version int64) (row PlanItem, err error) {
	if err := p.Validate(); err != nil {
		return row, &WrongError{err}
	}
	err = d.Do(ctx, func(w *Write) error {
		row, err = w.PutPlan(who, p, version)
		return err
	})
	return row, err
}

// PutPlan is DB.PutPlan within a write.
func (w *Write) PutPlan(who Actor, p machine.Plan, version int64) (PlanItem, error) {
	have, err := w.plan()
	if err != nil {
		return PlanItem{}, err
	}
	ref := machine.PlanRef{Kind: p.Kind(), Name: p.Key()}
	old, exists := have[ref]
	switch {
	case version > 0 && old.Version != version, version < 0 && exists:
		return old, fmt.Errorf("%s has version %d, not %d: %w", ref, old.Version, max(version, 0), ErrConflict)
	}
	if err := have.knows(ref.String(), p.Refers()); err != nil {
		return old, err
	}
	if err := errors.Join(have.fits(p), w.withinSubnets(p)); err != nil {
		return old, err
	}
	identify(p, old.Item)
	row := PlanItem{Item: p, Version: old.Version + 1}
	if err := w.tx.PutPlan(row); err != nil {
		return old, err
	}
	if err := w.follow(p, old.Item); err != nil {
		return old, err
	}
	if err := w.AuditChange(who, "write "+string(ref.Kind), ref.Name, old.Item, p); err != nil {
		return old, err
	}
	if err := w.Event(journal.Event{Source: journal.People, Who: who.Name, Text: "Wrote " + ref.String()}); err != nil {
		return old, err
	}
	return row, w.reload()
}

// plan reads the plan as this write sees it.
func (w *Write) plan() (plan, error) {
	rows, err := w.tx.Plan()
	return byRef(rows), err
}

func byRef(rows []PlanItem) plan {
	p := plan{}
	for _, row := range rows {
		p[machine.PlanRef{Kind: row.Item.Kind(), Name: row.Item.Key()}] = row
	}
	return p
}

// knows tells whether everything that is referred to is there.
func (p plan) knows(by string, refs []machine.PlanRef) error {
	for _, r := range refs {
		if _, ok := p[r]; !ok {
			return &UnknownError{by, r, nearest(p, r)}
		}
	}
	return nil
}

// fits holds a rack against the site of its room, from both ends: a rack stands
// in a room of its own site, and a room does not leave its racks behind.
func (p plan) fits(item machine.Plan) error {
	switch item := item.(type) {
	case *machine.Rack:
		if room := planned[*machine.Room](p, item.Room); room != nil && room.Site != item.Site {
			return wrong("rack "+item.Name, "room", item.Room, "it is a room of site %s, and the rack is at site %s: want a room of that site", room.Site, item.Site)
		}
	case *machine.Room:
		for ref, row := range p {
			if rack, ok := row.Item.(*machine.Rack); ok && rack.Room == item.Name && rack.Site != item.Site {
				return wrong("room "+item.Name, "site", item.Site, "%s of site %s stands in it: take it out of the room first", ref, rack.Site)
			}
		}
	}
	return nil
}

// identify gives a new pool its id, which it keeps.
func identify(p, old machine.Plan) {
	pool, ok := p.(*machine.Pool)
	if !ok {
		return
	}
	if before, ok := old.(*machine.Pool); ok {
		pool.ID = before.ID
	} else {
		pool.ID = uuid.Must(uuid.NewV7()).String()
	}
}

// follow brings a change of the plan to the machines that it is about: the room
// of a rack, and the room that a smaller rack still has.
func (w *Write) follow(p, old machine.Plan) error {
	rack, ok := p.(*machine.Rack)
	if !ok || old == nil {
		return nil
	}
	for _, m := range w.machines() {
		if m.Rack != rack.Name || m.Status == machine.Retired {
			continue
		}
		if top := m.Unit + max(m.Height, 1) - 1; top > rack.Units {
			return wrong("rack "+rack.Name, "units", rack.Units, "machine %s fills unit %d; move it first", m.Name, top)
		}
		if m.Room == rack.Room && m.Site == rack.Site {
			continue
		}
		if err := w.Mark(m, func(m *machine.Machine) { m.Room, m.Site = rack.Room, rack.Site }); err != nil {
			return err
		}
	}
	return nil
}

// DropPlan takes an item out of the plan, unless something rests on it.
func (d *DB) DropPlan(ctx context.Context, who Actor, ref machine.PlanRef, version int64) error {
	return d.Do(ctx, func(w *Write) error {
		have, err := w.plan()
		if err != nil {
			return err
		}
		old, ok := have[ref]
		switch {
		case !ok:
			return have.missing(ref)
		case version > 0 && old.Version != version:
			return fmt.Errorf("%s has version %d, not %d: %w", ref, old.Version, version, ErrConflict)
		}
		rules, err := w.tx.Rules()
		if err != nil {
			return err
		}
		if by := have.users(ref, rules, w.machines()); len(by) > 0 {
			return &InUseError{ref, by[:min(len(by), 5)], len(by)}
		}
		if ref.Kind == machine.KindGate {
			if err := w.ForgetCredentials(GateOwner(ref.Name)); err != nil {
				return err
			}
		}
		if err := errors.Join(w.tx.DropPlan(ref), w.AuditChange(who, "remove "+string(ref.Kind), ref.Name, old.Item, nil)); err != nil {
			return err
		}
		return w.reload()
	})
}

// Rests names what rests on an item of the plan and keeps it there: items, then
// rules, then machines, such as "rack lon6-r12" and "machine C0MPUT3".
func (d *DB) Rests(ref machine.PlanRef) []string {
	return d.settings.Load().plan.users(ref, d.Rules(), d.Machines())
}

// users are the items, rules and machines that rest on an item.
func (p plan) users(ref machine.PlanRef, rules []*machine.Rule, machines []*machine.Machine) (by []string) {
	for r, row := range p {
		if slices.Contains(row.Item.Refers(), ref) {
			by = append(by, r.String())
		}
	}
	slices.Sort(by)
	for _, r := range rules {
		if slices.Contains(r.Refers(), ref) {
			by = append(by, "rule "+r.Name)
		}
	}
	for _, m := range machines {
		if m.Status != machine.Retired && slices.Contains(m.Refers(), ref) {
			by = append(by, "machine "+m.Name)
		}
	}
	return by
}

// seedPlan makes the lists of a database that was written before there was a
// plan say what its machines already do: nothing that stands somewhere may
// stand nowhere.
func (w *Write) seedPlan() error {
	have, err := w.plan()
	if err != nil {
		return err
	}
	missing := map[machine.PlanRef]machine.Plan{}
	add := func(p machine.Plan) {
		ref := machine.PlanRef{Kind: p.Kind(), Name: p.Key()}
		if _, ok := have[ref]; !ok && p.Validate() == nil {
			missing[ref] = p
		}
	}
	for _, m := range w.machines() {
		add(&machine.Site{Name: m.Site})
		add(&machine.Rack{Name: m.Rack, Site: m.Site, Units: 42})
		add(&machine.Role{Name: m.Role})
	}
	for _, s := range w.db.Subnets() {
		add(&machine.Site{Name: s.Site})
	}
	for _, r := range w.db.Rules() {
		add(&machine.Site{Name: r.Site})
		add(&machine.Rack{Name: r.Rack, Site: r.Site, Units: 42})
		add(&machine.Role{Name: r.Role})
	}
	for _, kind := range machine.PlanKinds() {
		for ref, p := range maps.All(missing) {
			if ref.Kind != kind {
				continue
			}
			if err := w.tx.PutPlan(PlanItem{Item: p, Version: 1}); err != nil {
				return err
			}
		}
	}
	return nil
}
