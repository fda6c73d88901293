package delivery

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Fleet is what a list is judged against.
type Fleet struct {
	Machines []*machine.Machine
	Plan     map[machine.PlanRef]machine.Plan
	Images   map[string]bool // of the catalogue, by name
	// Near gives a name of the plan that may have been meant, or "".
	Near func(machine.PlanRef) string
	// NewID gives a new record's id.
	NewID func() string
}

// Order is how a list is to be taken.
type Order struct {
	Lines    []Line
	Delivery string // that its machines belong to; empty: to none
	Site     string // of lines that name neither site nor rack
	InUse    bool   // the machines are in use already, see machine.InUse
	// CreateRacks adds the racks that the plan lacks, CreateSites the sites.
	CreateRacks, CreateSites bool
	// May refuses a line to whoever asks; before is nil of a new machine.
	May func(before, after *machine.Machine) error
}

// judge holds what the verdicts rest on.
type judge struct {
	Fleet
	Order
	bySerial, byName map[string]*machine.Machine
	plan             map[machine.PlanRef]machine.Plan // with what is to be created
	created          []machine.Plan
	taken            map[string]int // machine id -> line that is about it
}

// Judge gives one verdict for each line, in their order.
func Judge(f Fleet, o Order) *Judgement {
	j := &judge{Fleet: f, Order: o, bySerial: map[string]*machine.Machine{}, byName: map[string]*machine.Machine{}, plan: map[machine.PlanRef]machine.Plan{}, taken: map[string]int{}}
	for _, m := range f.Machines {
		j.byName[strings.ToLower(m.Name)] = m
		if had := j.bySerial[m.Serial]; !machine.PlaceholderSerial(m.Serial) && (had == nil || had.Status == machine.Retired) {
			j.bySerial[m.Serial] = m
		}
	}
	maps.Copy(j.plan, f.Plan)
	all := make([]Verdict, len(o.Lines))
	for i, line := range o.Lines {
		all[i] = j.line(line)
	}
	settleClaims(f.Machines, all)
	return &Judgement{Verdicts: all, Missing: j.created}
}

// line judges one line by itself and against the plan.
func (j *judge) line(line Line) Verdict {
	v := Verdict{Line: line.Number, Machine: oneOf(line.Cells["name"], line.Cells["serial"])}
	before, fault := j.about(line)
	if fault != nil {
		v.refuse(append(line.Faults, *fault)...)
		return v
	}
	d := &draft{was: before, line: line, faults: slices.Clone(line.Faults)}
	if v.Before = before; before != nil {
		d.m = before.Clone()
	} else {
		d.m = &machine.Machine{ID: j.NewID(), Kind: machine.Metal, NICs: []machine.NIC{}}
		d.m.Serial = line.Cells["serial"]
		d.m.Name = discovery.Name(discovery.Identity{Serial: d.m.Serial}, machine.MAC{})
		d.m.Site = j.Site
	}
	if j.Delivery != "" {
		d.m.Delivery = j.Delivery
	}
	d.apply()
	j.settle(d)
	v.After, v.Machine = d.m, d.m.Name
	v.Faults = d.faults
	j.conclude(&v)
	return v
}

func (j *judge) conclude(v *Verdict) {
	if j.May != nil && len(v.Faults) == 0 {
		if err := j.May(v.Before, v.After); err != nil {
			v.Faults = append(v.Faults, Fault{"machine", v.Machine, err.Error()})
		}
	}
	if len(v.Faults) > 0 {
		v.refuse()
		return
	}
	switch v.Before {
	case nil:
		v.Result = New
	default:
		v.Changes = changes(v.Before, v.After)
		if v.Result = Unchanged; len(v.Changes) > 0 {
			v.Result = Update
		}
	}
	if j.InUse && (v.Before == nil || v.Before.Status != machine.InUse) {
		v.Changes = append(v.Changes, Change{"status", statusOf(v.Before).Human(), machine.InUse.Human()})
		if v.Before != nil {
			v.Result = Update
		}
	}
}

func statusOf(m *machine.Machine) machine.Status {
	if m == nil {
		return machine.Unknown
	}
	return m.Status
}

// about finds the machine that a line is about: by serial, else by name. Nil
// is a new one.
func (j *judge) about(line Line) (*machine.Machine, *Fault) {
	serial, name := line.Cells["serial"], line.Cells["name"]
	fault := func(field, value, why string, args ...any) (*machine.Machine, *Fault) {
		return nil, &Fault{field, value, fmt.Sprintf(why, args...)}
	}
	m := j.bySerial[serial]
	if named := j.byName[strings.ToLower(name)]; name != "" && m == nil {
		m = named
	}
	switch {
	case serial != "" && machine.PlaceholderSerial(serial) && (m == nil || m.Serial != serial):
		return fault("serial", serial, "is a placeholder that several machines have: give the real one")
	case m == nil && serial == "" && name != "":
		return fault("name", name, "no machine has this name, and a new one needs its serial")
	case m == nil && serial == "":
		return fault("serial", "", "is missing: every line needs a serial, or the name of a machine")
	case m == nil:
		return j.once("serial "+serial, line, nil)
	case m.Status == machine.Retired:
		return fault("serial", serial, "is that of machine %s, which is retired: its record stays as it is", m.Name)
	case j.InUse && m.Status != machine.Expected && m.Status != machine.InUse:
		return fault("serial", serial, "machine %s is %s: only machines that are unknown or expected are adopted", m.Name, m.Status.Human())
	}
	return j.once(m.ID, line, m)
}

// once refuses the second line about one machine.
func (j *judge) once(key string, line Line, m *machine.Machine) (*machine.Machine, *Fault) {
	if other, twice := j.taken[key]; twice {
		return nil, &Fault{"serial", oneOf(line.Cells["serial"], line.Cells["name"]), fmt.Sprintf("line %d is about the same machine: leave one out", other)}
	}
	j.taken[key] = line.Number
	return m, nil
}

// settle holds a draft against the plan and takes from it what the rack says.
func (j *judge) settle(d *draft) {
	j.findRack(d)
	if j.CreateRacks {
		j.create(d)
	}
	if rack, ok := j.plan[machine.PlanRef{Kind: machine.KindRack, Name: d.m.Rack}].(*machine.Rack); ok {
		if site, said := d.line.Cells["site"]; said && site != rack.Site {
			d.fault("site", "rack %s stands at %s: correct one", rack.Name, rack.Site)
		}
		d.m.Site, d.m.Room = rack.Site, rack.Room
		if top := d.m.Unit + max(d.m.Height, 1) - 1; d.m.Unit > 0 && top > rack.Units {
			d.fault("unit", "rack %s has units 1 to %d, and the machine would fill %d to %d", rack.Name, rack.Units, d.m.Unit, top)
		}
	} else if d.m.Rack == "" && d.m.Unit > 0 {
		d.fault("unit", "a unit is one of a rack: give the rack, too")
	}
	for _, ref := range d.m.Refers() {
		if _, ok := j.plan[ref]; !ok {
			j.unknown(d, ref)
		}
	}
	if image, said := d.line.Cells["image"]; said && (d.was == nil || d.was.Image != image) && !j.Images[image] {
		d.fault("image", "is not in the catalogue: firstlight image ls lists it")
	}
	if j.InUse && len(d.m.NICs) == 0 {
		d.fault("nic1_mac", "is missing: without the address that it boots through, a machine in use would be taken for a stranger")
	}
	j.validate(d)
}

func (j *judge) validate(d *draft) {
	var wrong *machine.FieldError
	if err := d.m.Validate(); errors.As(err, &wrong) {
		if !slices.ContainsFunc(d.faults, func(f Fault) bool { return f.Field == wrong.Field }) {
			d.faults = append(d.faults, Fault{wrong.Field, wrong.Value, wrong.Want})
		}
	}
}

// findRack reads a rack as people write it: R12 of site lon6 is lon6-r12.
func (j *judge) findRack(d *draft) {
	said := d.line.Cells["rack"]
	if said == "" {
		return
	}
	site := oneOf(d.line.Cells["site"], j.Site)
	for _, name := range []string{said, strings.ToLower(said), slug(site + "-" + said)} {
		if _, ok := j.plan[machine.PlanRef{Kind: machine.KindRack, Name: name}]; ok {
			d.m.Rack = name
			return
		}
	}
	d.m.Rack = strings.ToLower(said)
}

func (j *judge) unknown(d *draft, ref machine.PlanRef) {
	field := string(ref.Kind)
	if ref.Kind == machine.KindTeam {
		field = "owner"
	}
	if slices.ContainsFunc(d.faults, func(f Fault) bool { return f.Field == field }) {
		return
	}
	hint := fmt.Sprintf("add it first: firstlight %s set %s", ref.Kind, ref.Name)
	if ref.Kind == machine.KindSite || ref.Kind == machine.KindRack {
		hint = "add it first, or have the import add the racks that are not there (--create-racks)"
	}
	if near := j.Near(ref); near != "" {
		hint = "did you mean " + near + "? Otherwise " + hint
	}
	d.faults = append(d.faults, Fault{field, ref.Name, fmt.Sprintf("there is no such %s: %s", ref.Kind, hint)})
}

// rackUnits is the height of a rack that a list names first: the commonest.
const rackUnits = 42

// create adds the site and the rack that a line names. A rack is at least as
// high as what stands in it.
func (j *judge) create(d *draft) {
	site, rack := oneOf(d.line.Cells["site"], d.m.Site, j.Site), d.m.Rack
	if ref := (machine.PlanRef{Kind: machine.KindSite, Name: site}); j.CreateSites && site != "" && j.plan[ref] == nil {
		j.add(&machine.Site{Name: site})
	}
	ref := machine.PlanRef{Kind: machine.KindRack, Name: rack}
	top := d.m.Unit + max(d.m.Height, 1) - 1
	switch have, ok := j.plan[ref].(*machine.Rack); {
	case rack == "":
	case !ok && site == "":
		d.fault("rack", "cannot be added: the line does not say at which site it stands")
	case !ok:
		j.add(&machine.Rack{Name: rack, Site: site, Units: min(max(rackUnits, top), machine.MaxUnits)})
	case slices.Contains(j.created, machine.Plan(have)):
		have.Units = min(max(have.Units, top), machine.MaxUnits)
	}
}

func (j *judge) add(p machine.Plan) {
	if p.Validate() != nil {
		return // the line that names it is refused for it
	}
	j.plan[machine.PlanRef{Kind: p.Kind(), Name: p.Key()}] = p
	j.created = append(j.created, p)
}
