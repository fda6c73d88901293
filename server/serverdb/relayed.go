package serverdb

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/whereabouts"
)

// sightings counts what was seen of cables that was new, by who saw it.
type sightings struct{ lldp, relay, bmc atomic.Int64 }

// Sightings counts how often a cable was seen for the first time or elsewhere
// than before, by leg: lldp, relay, bmc.
func (d *DB) Sightings() map[string]int64 {
	return map[string]int64{"lldp": d.seen.lldp.Load(), "relay": d.seen.relay.Load(), "bmc": d.seen.bmc.Load()}
}

// maxUnclaimed bounds what strangers can have us remember.
const maxUnclaimed = 4096

// unclaimed is what relays said last of MACs that no machine has yet: the first
// boot asks for its addresses before it reports. It need not survive a restart.
type unclaimed struct {
	mu    sync.Mutex
	by    map[machine.MAC]machine.Relayed
	order []machine.MAC // the oldest first
}

func (u *unclaimed) keep(s machine.Relayed) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, ok := u.by[s.MAC]; !ok {
		if !s.Relay.IsValid() {
			return
		}
		u.order = append(u.order, s.MAC)
	}
	if u.by == nil {
		u.by = map[machine.MAC]machine.Relayed{}
	}
	u.by[s.MAC] = s
	if len(u.order) > maxUnclaimed {
		delete(u.by, u.order[0])
		u.order = u.order[1:]
	}
}

func (u *unclaimed) take(mac machine.MAC) (s machine.Relayed, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s, ok = u.by[mac]; ok {
		delete(u.by, mac)
		u.order = slices.DeleteFunc(u.order, func(o machine.MAC) bool { return o == mac })
	}
	return s, ok
}

// claimRelayed gives a machine what relays said of it before it was known.
func (d *DB) claimRelayed(m *machine.Machine) {
	for _, n := range m.NICs {
		if s, ok := d.unclaimed.take(n.MAC); ok {
			d.Relayed(s)
		}
	}
	if s, ok := d.unclaimed.take(m.BMC.MAC); ok {
		d.Relayed(s)
	}
}

// Relayed takes what a relay says of the interface of a machine, or of its BMC.
// What nobody has waits for whoever reports it. What is not new is not
// written: this is asked with every lease.
func (d *DB) Relayed(s machine.Relayed) {
	m, bmc := d.index.mac(s.MAC), false
	if m == nil {
		if m = d.index.bmc(s.MAC); m == nil {
			d.unclaimed.keep(s)
			return
		}
		bmc = true
	}
	if _, _, what := whereabouts.Sight(m.Observed.Relayed, s, m.Observed.BootAt); what == whereabouts.Nothing {
		return
	}
	var before machine.Relayed
	var what whereabouts.News
	d.Observe(m.ID, func(o *machine.Observed) {
		had := slices.Clone(o.Relayed)
		if o.Relayed, before, what = whereabouts.Sight(had, s, o.BootAt); what != whereabouts.Nothing {
			o.Relayed = slices.DeleteFunc(o.Relayed, func(r machine.Relayed) bool { return !m.HasMAC(r.MAC) && r.MAC != m.BMC.MAC })
		}
	})
	if what != whereabouts.First && what != whereabouts.Moved {
		return
	}
	leg := &d.seen.relay
	if bmc {
		leg = &d.seen.bmc
	}
	leg.Add(1)
	d.Note(sighted(m, s, before, bmc))
}

// sighted is the row of an interface of which a relay says something new.
func sighted(m *machine.Machine, s, before machine.Relayed, bmc bool) journal.Event {
	name := "BMC"
	for _, n := range m.NICs {
		if n.MAC == s.MAC && !bmc {
			name = discovery.NICName(n)
		}
	}
	text := name + " is " + whereabouts.Tell(s)
	details := map[string]string{}
	if s.Relay.IsValid() {
		text += ", says its DHCP relay " + s.Relay.String()
		details[journal.DetailRelay] = s.Relay.String()
	}
	if !before.MAC.IsZero() {
		text += fmt.Sprintf("; it was %s", whereabouts.Tell(before))
	}
	for k, v := range map[string]string{"circuit": whereabouts.Spell(s.Circuit), "remote": whereabouts.Spell(s.Remote)} {
		if v != "" {
			details[k] = v
		}
	}
	return journal.Event{At: s.At, Machine: m.ID, MAC: s.MAC, Source: journal.DHCP, Text: text, Details: details}
}

// bmc finds the machine whose management controller has a MAC; nil: none, or
// several, which says nothing.
func (x *index) bmc(mac machine.MAC) *machine.Machine {
	if mac.IsZero() {
		return nil
	}
	all := x.sharing(markTexts("", "", mac), nil)
	all = slices.DeleteFunc(all, func(m *machine.Machine) bool { return m.BMC.MAC != mac })
	if len(all) != 1 {
		return nil
	}
	return all[0]
}
