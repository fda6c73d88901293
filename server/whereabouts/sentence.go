package whereabouts

import (
	"fmt"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// judge finds what does not fit together in what is said of a cable.
func (c Cable) judge(m *machine.Machine, f *Fleet) *Disagreement {
	lldp, heard := c.first(LLDP)
	relay, said := c.sure(Relay)
	if heard && lldp.Sure && said && !lldp.same(relay) { // of redundant relays, one that agrees is enough
		for _, s := range c.Seen {
			if s.Leg == Relay && s.Sure && s.same(lldp) {
				relay = s
			}
		}
	}
	off := heard && c.off(lldp)
	switch {
	case heard && lldp.Sure && said && lldp.differs(relay):
		return c.odds(lldp, relay)
	case off && said && lldp.same(relay):
		return c.elsewhere(m, f, lldp, " by LLDP and by "+relay.who(), relay.who())
	case off:
		return c.elsewhere(m, f, lldp, "", "LLDP")
	case (!heard || !lldp.Sure) && said && c.Switch != "" && differs(c.Switch, c.Port, relay.Switch, relay.Port):
		return c.elsewhere(m, f, relay, " by "+relay.who(), relay.who())
	case c.Switch != "" || c.Port != "":
		return nil
	case heard && lldp.Sure:
		return c.taken(m, f, lldp, "")
	case said:
		return c.taken(m, f, relay, " by "+relay.who())
	}
	return nil
}

func (c Cable) first(leg Leg) (Sighting, bool) {
	for _, s := range c.Seen {
		if s.Leg == leg {
			return s, true
		}
	}
	return Sighting{}, false
}

// off tells whether LLDP says another place than the plan, halves included.
func (c Cable) off(s Sighting) bool {
	_, _, differs := discovery.Miscabled(machine.NIC{Switch: c.Switch, Port: c.Port, SeenSwitch: s.Switch, SeenPort: s.Port})
	return differs
}

func (c Cable) plan() string { return discovery.At(c.Switch, c.Port) }

// Who is a leg in a sentence.
func (s Sighting) Who() string {
	if s.Leg == LLDP {
		return "LLDP"
	}
	return s.who()
}

// who is a relay in a sentence.
func (s Sighting) who() string {
	if s.Relay.Is6() {
		return "its relay (Interface-Id)"
	}
	return "its relay (option 82)"
}

// elsewhere is a cable that is not where the plan wants it.
func (c Cable) elsewhere(m *machine.Machine, f *Fleet, s Sighting, by, who string) *Disagreement {
	d := &Disagreement{Cable: c.Name, Seen: s.Place(), Plan: c.plan(), By: who}
	if o, ok := f.owner(m, s.Switch, s.Port); ok {
		d.Sentence = fmt.Sprintf("%s is in %s%s, %s; plan says %s: move the cable to %s.", c.Name, d.Seen, by, o, d.Plan, d.Plan)
		return d
	}
	d.Sentence = fmt.Sprintf("%s is in %s%s, plan says %s: move the cable to %s, or accept where it is.", c.Name, d.Seen, by, d.Plan, d.Plan)
	return d
}

// odds are two legs that cannot both be right.
func (c Cable) odds(lldp, relay Sighting) *Disagreement {
	d := &Disagreement{Cable: c.Name, Seen: relay.Place(), Plan: c.plan(), By: "LLDP and " + relay.who()}
	plan := "the plan says nothing"
	if d.Plan != "" {
		plan = "plan says " + d.Plan
	}
	if c.off(lldp) {
		d.Seen = lldp.Place()
	}
	d.Sentence = fmt.Sprintf("Of %s, LLDP says %s and %s %s; %s: follow the cable, and mend what names its port wrongly.", c.Name, lldp.Place(), relay.who(), relay.Place(), plan)
	return d
}

// taken is a cable that nobody planned, in the port of another machine.
func (c Cable) taken(m *machine.Machine, f *Fleet, s Sighting, by string) *Disagreement {
	o, ok := f.owner(m, s.Switch, s.Port)
	if !ok {
		return nil
	}
	return &Disagreement{
		Cable: c.Name, Seen: s.Place(), Plan: o.at(), By: s.Who(),
		Sentence: fmt.Sprintf("%s is in %s%s, %s; the plan names no port for %s: move the cable, or plan it.", c.Name, s.Place(), by, o, c.Name),
	}
}

// at is where the plan has the machine of a port.
func (o Owner) at() string {
	switch {
	case o.Rack == "":
		return o.Machine
	case o.Unit == 0:
		return o.Rack
	default:
		return fmt.Sprintf("%s unit %d", o.Rack, o.Unit)
	}
}

func (o Owner) String() string {
	if o.Rack == "" {
		return fmt.Sprintf("the port of %s of %s", o.End, o.Machine)
	}
	return fmt.Sprintf("the port of %s, where %s is planned", o.at(), o.Machine)
}

// Tell says in one line what a relay says of an interface.
func Tell(r machine.Relayed) string {
	said := Read(r)
	sw := said.Switch
	if sw == "" {
		sw = said.Remote
	}
	if sw == "" && !said.Chassis.IsZero() {
		sw = said.Chassis.String()
	}
	switch {
	case !r.Relay.IsValid():
		return "behind no relay"
	case said.Port != "":
		return "in " + discovery.At(sw, said.Port)
	case said.Counted != "":
		return "at " + said.Counted
	case len(r.Circuit) > 0:
		return "at " + Spell(r.Circuit)
	default:
		return "at no port that it names"
	}
}

// spellRemote shows a remote id, without the number of its vendor.
func spellRemote(r machine.Relayed) string {
	if r.Relay.Is6() && len(r.Remote) >= enterprise {
		return Spell(r.Remote[enterprise:])
	}
	if mac := Read(r).Chassis; !mac.IsZero() {
		return mac.String()
	}
	return Spell(r.Remote)
}

// Evidence names the values of a disagreement.
func (d *Disagreement) Evidence() []string {
	return []string{"interface", d.Cable, "discovered", d.Seen, "plan", d.Plan, "seen by", d.By}
}
