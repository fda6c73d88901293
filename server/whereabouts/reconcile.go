package whereabouts

import (
	"net/netip"
	"time"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Leg is who says where a cable is.
type Leg string

// Legs.
const (
	LLDP  Leg = "lldp"  // the switch itself, to the agent
	Relay Leg = "relay" // the DHCP relay before it, to us
)

// bmc is what people call the interface of a management controller.
const bmc = "BMC"

// Sighting is what one leg says of one cable.
type Sighting struct {
	Leg    Leg
	Switch string // empty: it does not say
	Port   string
	// Sure tells that it names a switch that is known, and a port there that no
	// other machine is behind: only then it is held against others.
	Sure bool
	Why  string // not
	// Own tells that the relay names its switch by a MAC, and that what this switch
	// is called is known from this one machine: a forged agent may have said it.
	Own bool
	// What a relay said, for people.
	Relay           netip.Addr
	Circuit, Remote string
	Since, At       time.Time
}

// Place spells where it is: "sw3/Ethernet31".
func (s Sighting) Place() string { return discovery.At(s.Switch, s.Port) }

// Cable is one cable of a machine: where the plan wants it, and where it was seen.
type Cable struct {
	Name         string // eth0, BMC
	MAC          machine.MAC
	BMC          bool
	Switch, Port string // of the plan
	Seen         []Sighting
	// Disagreement is what does not fit; nil: all that is said does.
	Disagreement *Disagreement
}

// Where is what is known of a machine's place.
type Where struct {
	Rack   string
	Unit   int
	Cables []Cable
}

// Disagreement is what two legs, or one and the plan, say of a cable.
type Disagreement struct {
	Cable    string
	Sentence string
	Seen     string // the place that is not the plan's
	Plan     string
	By       string // who saw it
}

// Of holds all that is said of a machine's cables against each other. Without a
// fleet (nil) it is the only machine there is.
func Of(m *machine.Machine, f *Fleet) Where {
	if f == nil {
		f = NewFleet(func() []*machine.Machine { return []*machine.Machine{m} })
	}
	w := Where{Rack: m.Rack, Unit: m.Unit}
	for _, n := range m.NICs {
		c := Cable{Name: discovery.NICName(n), MAC: n.MAC, Switch: n.Switch, Port: n.Port}
		if n.SeenSwitch != "" || n.SeenPort != "" {
			c.Seen = append(c.Seen, Sighting{Leg: LLDP, Switch: n.SeenSwitch, Port: n.SeenPort, Sure: n.SeenSwitch != "" && n.SeenPort != "", At: n.SeenAt})
		}
		c.relays(m, n, f)
		w.Cables = append(w.Cables, c)
	}
	if !m.BMC.MAC.IsZero() || m.BMC.Switch != "" || m.BMC.Address != "" {
		c := Cable{Name: bmc, MAC: m.BMC.MAC, BMC: true, Switch: m.BMC.Switch, Port: m.BMC.Port}
		c.relays(m, machine.NIC{}, f)
		w.Cables = append(w.Cables, c)
	}
	for i := range w.Cables {
		w.Cables[i].Disagreement = w.Cables[i].judge(m, f)
	}
	return w
}

// relays adds what relays say of a cable.
func (c *Cable) relays(m *machine.Machine, n machine.NIC, f *Fleet) {
	for _, r := range Current(m, c.MAC) {
		if !r.Relay.IsValid() {
			continue // it is heard directly now
		}
		said := Read(r)
		s := Sighting{
			Leg: Relay, Switch: c.switchOf(said, n, f), Port: said.Port,
			Relay: r.Relay, Circuit: Spell(r.Circuit), Remote: spellRemote(r), Since: r.Since, At: r.At,
		}
		s.Why = why(s, said, r, f)
		s.Sure = s.Why == ""
		s.Own = said.Switch == "" && !said.Chassis.IsZero() && !f.vouched(said.Chassis, m.ID)
		c.Seen = append(c.Seen, s)
	}
}

// switchOf names the switch that a relay is: as it says, as LLDP calls its
// chassis, or by the remote id where that is a switch's name.
func (c *Cable) switchOf(said Said, n machine.NIC, f *Fleet) string {
	switch {
	case said.Port == "":
		return ""
	case said.Switch != "":
		return said.Switch
	case !said.Chassis.IsZero() && said.Chassis == n.SeenChassis:
		return n.SeenSwitch
	case !said.Chassis.IsZero():
		return f.named(said.Chassis)
	case said.Remote != "" && f.knows(said.Remote):
		return said.Remote
	default:
		return ""
	}
}

// why says what keeps a relay's word from being held against others.
func why(s Sighting, said Said, r machine.Relayed, f *Fleet) string {
	switch {
	case len(r.Circuit) == 0:
		return "the relay names no port"
	case said.Network != "":
		return "the relay names " + said.Network + ", which is no port"
	case said.Counted != "":
		return "the relay counts its ports and does not name them: " + said.Counted
	case s.Port == "":
		return "what the relay calls the port is of no form that is known"
	case s.Switch == "":
		return "the relay names a port, but no switch that is known"
	case !f.knows(s.Switch):
		return "neither the plan nor LLDP knows a switch " + s.Switch + ": it may be one further up"
	case f.shared(r):
		return "several machines are behind what the relay calls this port"
	default:
		return ""
	}
}

// same tells whether two places are one.
func same(swA, portA, swB, portB string) bool {
	return discovery.SameSwitch(swA, swB) && discovery.SamePort(portA, portB)
}

// differs tells whether two places, both in full, cannot be one. A switch that
// goes by its MAC, and a port with a name of another set, may be.
func differs(swA, portA, swB, portB string) bool {
	if same(swA, portA, swB, portB) {
		return false
	}
	if !discovery.SameSwitch(swA, swB) {
		_, a := machine.ParseMAC(swA)
		_, b := machine.ParseMAC(swB)
		return a != nil && b != nil
	}
	return discovery.Comparable(portA, portB)
}

func (s Sighting) same(o Sighting) bool    { return same(s.Switch, s.Port, o.Switch, o.Port) }
func (s Sighting) differs(o Sighting) bool { return differs(s.Switch, s.Port, o.Switch, o.Port) }

// Match is a position: two legs that name one switch and one port, or each of two
// cables where the plan wants it.
type Match struct {
	Cable        string
	Switch, Port string
	Rack         string
	Unit         int
	// Planned tells that the plan says the same. Who gives a machine something for
	// where it stands asks for it: where nothing is planned, any port is a place.
	Planned  bool
	Evidence []Sighting
}

// Match tells whether two legs agree on where a machine is, with what they said.
// One disagreement, on whichever cable, and nothing matches.
func (w Where) Match() (match Match, ok bool) {
	for _, c := range w.Cables {
		if c.Disagreement != nil {
			return Match{}, false
		}
	}
	var planned []Cable
	for _, c := range w.Cables {
		relay, seen := c.sure(Relay)
		if !seen {
			continue
		}
		as := c.Switch != "" && same(c.Switch, c.Port, relay.Switch, relay.Port)
		if l, heard := c.sure(LLDP); heard && l.same(relay) {
			return w.match(c, as, l, relay), true
		}
		if as {
			planned = append(planned, c)
		}
	}
	if len(planned) < 2 || !planned[len(planned)-1].BMC {
		return Match{}, false
	}
	own, _ := planned[0].sure(Relay)
	its, _ := planned[len(planned)-1].sure(Relay)
	return w.match(planned[0], true, own, its), true
}

func (w Where) match(c Cable, planned bool, evidence ...Sighting) Match {
	s := evidence[0]
	return Match{Cable: c.Name, Switch: s.Switch, Port: s.Port, Rack: w.Rack, Unit: w.Unit, Planned: planned, Evidence: evidence}
}

// sure is what a leg says for sure: of several relays, one that says what the
// plan does, else the newest.
func (c Cable) sure(leg Leg) (best Sighting, ok bool) {
	for _, s := range c.Seen {
		if s.Leg != leg || !s.Sure {
			continue
		}
		if !ok || c.Switch != "" && same(c.Switch, c.Port, s.Switch, s.Port) {
			best, ok = s, true
		}
	}
	return best, ok
}

// SeenAt is where a cable was seen: what LLDP says, else what a relay says for
// sure. half is what is said where it is no whole place.
func (c Cable) SeenAt() (sw, port, half string) {
	if l, ok := c.first(LLDP); ok {
		if !l.Sure {
			return "", "", l.Switch + l.Port
		}
		return l.Switch, l.Port, ""
	}
	if r, ok := c.sure(Relay); ok {
		return r.Switch, r.Port, ""
	}
	return "", "", ""
}

// Agrees tells whether a cable was seen nowhere else than the plan says, halves
// included.
func (c Cable) Agrees() bool {
	if l, ok := c.first(LLDP); ok {
		planned := (c.Switch != "" || l.Switch == "") && (c.Port != "" || l.Port == "")
		return planned && !c.off(l)
	}
	r, ok := c.sure(Relay)
	return !ok || same(c.Switch, c.Port, r.Switch, r.Port)
}
