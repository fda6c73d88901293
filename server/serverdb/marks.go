package serverdb

import (
	"hash/maphash"
	"unique"

	"firstlight/server/machine"
)

// marks are what a machine is recognised by beside its MACs, each as a hash:
// whoever finds a machine by one compares the mark itself.
func (x *index) marks(m *machine.Machine) []uint64 {
	all := make([]uint64, 0, 3)
	for _, text := range markTexts(m.Serial, m.UUID, m.BMC.MAC) {
		all = append(all, maphash.String(x.seed, text))
	}
	return all
}

// markTexts spells the marks that identify something.
func markTexts(serial, uuid string, bmc machine.MAC) (all []string) {
	if !machine.PlaceholderSerial(serial) {
		all = append(all, "serial "+serial)
	}
	if !machine.PlaceholderUUID(uuid) {
		all = append(all, "uuid "+machine.PlainUUID(uuid))
	}
	if !bmc.IsZero() {
		all = append(all, "bmc "+bmc.String())
	}
	return all
}

// mark leads from a mark to a machine; most marks have one.
func (x *index) mark(h uint64, e *entry) {
	switch have := x.byMark[h]; {
	case have == e:
	case have == nil:
		x.byMark[h] = e
	case x.shared[h] == nil:
		x.shared[h] = map[*entry]bool{have: true, e: true}
	default:
		x.shared[h][e] = true
	}
}

func (x *index) unmark(h uint64, e *entry) {
	delete(x.shared[h], e)
	if x.byMark[h] != e {
		return
	}
	delete(x.byMark, h)
	for other := range x.shared[h] {
		x.byMark[h] = other
		break
	}
	if len(x.shared[h]) < 2 {
		delete(x.shared, h)
	}
}

// sharing gives the machines that may have one of the marks, and those that
// have one of the MACs.
func (x *index) sharing(texts []string, macs []machine.MAC) []*machine.Machine {
	x.mu.RLock()
	defer x.mu.RUnlock()
	found := map[*entry]bool{}
	for _, text := range texts {
		h := maphash.String(x.seed, text)
		if e := x.byMark[h]; e != nil {
			found[e] = true
		}
		for e := range x.shared[h] {
			found[e] = true
		}
	}
	for _, mac := range macs {
		if e := x.byMAC.get(mac); e != nil {
			found[e] = true
		}
	}
	all := make([]*machine.Machine, 0, len(found))
	for e := range found {
		all = append(all, e.m)
	}
	return all
}

// intern gives equal texts of many machines one place in memory: at 100,000
// machines most of what they say is said by thousands of others.
func intern(m *machine.Machine) {
	if m.Serial == m.Name {
		m.Serial = m.Name
	}
	for _, s := range []*string{
		(*string)(&m.Kind), (*string)(&m.Status), (*string)(&m.Face), &m.Vendor, &m.Product, &m.Reason, &m.Sentence, &m.Site, &m.Room, &m.Rack,
		&m.Delivery, &m.Role, &m.Pool, &m.Owner, &m.Image, &m.Rule, &m.Type, &m.BMC.Type, &m.BMC.Firmware, &m.BMC.Switch, &m.BMC.Port, &m.Observed.Power,
		&m.Observed.BootAnswer, &m.Observed.BootStage, &m.Observed.Waits, &m.Observed.Light, &m.Declared.Vendor, &m.Declared.Product,
	} {
		if *s != "" {
			*s = unique.Make(*s).Value()
		}
	}
	for i := range m.NICs {
		n := &m.NICs[i]
		for _, s := range []*string{&n.Name, &n.Switch, &n.Port, &n.SeenSwitch, &n.SeenPort} {
			if *s != "" {
				*s = unique.Make(*s).Value()
			}
		}
	}
}
