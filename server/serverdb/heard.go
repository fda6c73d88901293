package serverdb

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"firstlight/server/machine"
)

const (
	// heardLife is how long it counts that a client took an address from a DHCP
	// server that is not ours: longer than a boot, and a lease of most sites.
	heardLife = 24 * time.Hour
	// maxHeard bounds what strangers can make us remember.
	maxHeard = 1 << 16
)

// heard is whose the addresses of proxied subnets are, by what clients said to
// the server that gives them. It need not survive a restart: each boot begins
// with it.
type heard struct {
	mu    sync.Mutex
	by    map[netip.Addr]offer
	order []expiry // the oldest first
}

// Heard keeps in mind that a client takes an address from another server.
func (d *DB) Heard(a netip.Addr, mac machine.MAC, now time.Time) {
	h := &d.hearsay
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by == nil {
		h.by = map[netip.Addr]offer{}
	}
	o := offer{mac, now.Add(heardLife)}
	h.by[a] = o
	h.order = append(h.order, expiry{a, o.until})
	for len(h.order) > 0 && (len(h.order) > maxHeard || now.After(h.order[0].until)) {
		if first := h.order[0]; h.by[first.address].until.Equal(first.until) { // else it was heard anew
			delete(h.by, first.address)
		}
		h.order = h.order[1:]
	}
}

func (h *heard) who(a netip.Addr, now time.Time) (machine.MAC, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o, ok := h.by[a]; ok && now.Before(o.until) {
		return o.mac, true
	}
	return machine.MAC{}, false
}

// proxied tells whether an address is in a subnet where another server gives
// them.
func (d *DB) proxied(a netip.Addr) bool {
	s, ok := d.SubnetFor(a)
	return ok && s.Mode == machine.ModeProxy
}

// whoIsProxied is WhoIs for an address that another server gave. What the record
// says of it may be over, so that only what was heard names an interface.
func (d *DB) whoIsProxied(a netip.Addr) (id string, mac machine.MAC) {
	mac, ok := d.hearsay.who(a, d.Now())
	m := d.index.mac(mac)
	if !ok {
		m = d.index.address(a)
	}
	if m != nil {
		id = m.ID
	}
	return id, mac
}

// readdress gives the interface that a machine booted through the address that
// it reported from, where another server gives addresses: it may have changed,
// and been another machine's. One that its owner works on keeps address and
// name.
func (w *Write) readdress(m *machine.Machine, from netip.Addr, subnet *machine.Subnet) error {
	i := slices.IndexFunc(m.NICs, func(n machine.NIC) bool { return n.MAC == m.BootMAC() })
	if i < 0 || subnet.Mode != machine.ModeProxy || !subnet.Prefix.Contains(from) || m.NICs[i].Address == from {
		return nil
	}
	if old := m.NICs[i].Address; old.IsValid() && !subnet.Prefix.Contains(old) {
		return nil // it has one of another network, which people gave it
	}
	for _, o := range w.machines() {
		had := slices.IndexFunc(o.NICs, func(n machine.NIC) bool { return n.Address == from })
		if o.ID == m.ID || had < 0 {
			continue
		}
		if o.Status == machine.InUse || o.Status == machine.Configuring {
			return nil
		}
		lost := o.Clone()
		lost.NICs[had].Address = netip.Addr{}
		if err := w.put(lost); err != nil {
			return err
		}
	}
	m.NICs[i].Address = from
	return nil
}
