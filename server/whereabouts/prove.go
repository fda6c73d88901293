package whereabouts

import (
	"fmt"
	"time"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Prove tells whether a boot, which began at since through the interface with a
// MAC, is where the plan wants the machine: the place, and why there is none with
// what brings one.
//
// What each leg proves is not the same. That of a relay was not written by the
// machine: a frame with this MAC came through that port since the boot began.
// That of LLDP is the agent's word, and a forged agent says what it likes; it
// shows that the relay's name of the port is that of the cable's other end. So a
// place needs the relay of the very interface that booted, in the port that the
// plan names, and beside it either LLDP or the relay of the management
// controller, which asks for its address seldom: its sighting may be older.
//
// It does not prove whose frames they were. Somebody else on the same network
// who takes the machine's MAC and address in a moment in which the machine
// itself asks for its address passes, and so does who can write what a relay
// writes. The TPM is for that.
func (w Where) Prove(mac machine.MAC, since time.Time) (match Match, why string) {
	var own, its Cable
	for _, c := range w.Cables {
		switch {
		case c.Disagreement != nil:
			return Match{}, c.Disagreement.Sentence
		case c.MAC == mac && !c.BMC:
			own = c.of(since)
		case c.BMC:
			its = c
		}
	}
	if own.Switch == "" || own.Port == "" {
		return Match{}, fmt.Sprintf("the plan names no port for the interface %s that booted: plan its switch and port", mac)
	}
	relay, why := own.relayed(since)
	if why != "" {
		return Match{}, why
	}
	if l, ok := own.sure(LLDP); ok && l.same(relay) {
		return w.match(own, true, l, relay), ""
	}
	if r, ok := its.sure(Relay); ok && same(its.Switch, its.Port, r.Switch, r.Port) {
		return w.match(own, true, relay, r), ""
	}
	return Match{}, fmt.Sprintf("the relay alone says that %s is in %s: have %s speak LLDP, or plan the port of the BMC and let it ask for its address through a relay that names it", own.Name, relay.Place(), relay.Switch)
}

// of is the cable with what was said of it since a boot began.
func (c Cable) of(since time.Time) Cable {
	var recent []Sighting
	for _, s := range c.Seen {
		if !s.At.Before(since) {
			recent = append(recent, s)
		}
	}
	c.Seen = recent
	return c
}

// relayed is what a relay says for sure, where that is the planned port.
func (c Cable) relayed(since time.Time) (s Sighting, why string) {
	s, ok := c.sure(Relay)
	if !ok {
		why = fmt.Sprintf("no DHCP relay said since the boot at %s in which port %s is: have the switch relay DHCP and add option 82", since.UTC().Format(time.RFC3339), c.Name)
		if said, any := c.first(Relay); any {
			why = fmt.Sprintf("what the relay says of %s is no place (%s): have it name switch and port in option 82", c.Name, said.Why)
		}
		return s, why
	}
	if s.Own {
		return s, fmt.Sprintf("that the relay of %s is %s says no machine but this one: have the relay name its switch in option 82", c.Name, s.Switch)
	}
	if !same(c.Switch, c.Port, s.Switch, s.Port) {
		return s, fmt.Sprintf("%s is in %s by %s, and the plan says %s: move the cable, or plan it so", c.Name, s.Place(), s.who(), discovery.At(c.Switch, c.Port))
	}
	return s, ""
}
