package serverdb

import (
	"fmt"
	"strings"
	"time"

	"firstlight/server/machine"
	"firstlight/server/trust"
	"firstlight/server/whereabouts"
)

// Position is the proof that a machine is where the plan wants it, by what was
// seen since its boot through the interface with a MAC began.
func (d *DB) Position(m *machine.Machine, mac machine.MAC, since time.Time) (p trust.Proof) {
	match, why := whereabouts.Of(m, whereabouts.NewFleet(d.Machines)).Prove(mac, since)
	if why != "" {
		return trust.Proof{Lacks: strings.TrimSuffix(why, ".")}
	}
	var by []string
	for _, s := range match.Evidence {
		by = append(by, s.Who())
		if s.At.After(p.At) {
			p.At = s.At
		}
	}
	p.How = fmt.Sprintf("%s in %s/%s by %s", match.Cable, match.Switch, match.Port, strings.Join(by, " and "))
	return p
}

// Shown is what the last boot of a machine has shown; nothing, where its agent
// never enrolled.
func (d *DB) Shown(m *machine.Machine) (e trust.Evidence) {
	var last trust.Enrolment
	var mac machine.MAC
	for _, n := range m.NICs {
		if one, ok := d.Enrolment(n.MAC); ok && one.Issued > last.Issued {
			last, mac = one, n.MAC
		}
	}
	if last.At.IsZero() {
		return e
	}
	e = last.Evidence()
	e.Position = d.Position(m, mac, time.Unix(0, last.Issued))
	return e
}
