package dhcp

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

// world is clients that talk to the server through packets, and what they
// believe: an address is theirs from its ACK on until their clock runs out.
type world struct {
	t     *testing.T
	clock *ticking
	store *memory
	s     *Server
	has   map[machine.MAC]belief
	out   map[netip.Addr]time.Time
}

type belief struct {
	addr  netip.Addr
	until time.Time
}

func newWorld(t *testing.T) *world {
	clock := &ticking{epoch}
	subnet := lab()
	subnet.Ranges[0].Last = netip.MustParseAddr("10.80.12.105")
	m := newMemory(subnet)
	return &world{t, clock, m, serverOver(t, m, clock.read), map[machine.MAC]belief{}, map[netip.Addr]time.Time{}}
}

func (w *world) client(t *rapid.T) machine.MAC {
	return machine.MAC{2, 0, 0, 0, 0, byte(rapid.IntRange(1, 9).Draw(t, "client"))}
}

func (w *world) address(t *rapid.T) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 80, 12, byte(rapid.IntRange(98, 107).Draw(t, "address"))})
}

// exchange sends one packet and holds its ACK against what all clients believe.
func (w *world) exchange(t *rapid.T, mac machine.MAC, p ...opt) {
	clear(w.store.offers) // they last for seconds
	d := incoming(packetOf(request, append(p, fromMAC(mac))...))
	r, _ := ask(w.t, w.s, d)
	if r == nil {
		return
	}
	mine := w.has[mac]
	holds := w.clock.now.Before(mine.until)
	if r.MessageType() == refused {
		if wanted := addrOf(d.asked()); holds && wanted == mine.addr {
			t.Fatalf("%v lost %v before its end", mac, mine.addr)
		}
		return
	}
	got := belief{addrOf(r.YourIPAddr), w.clock.now.Add(r.IPAddressLeaseTime(0))}
	if w.clock.now.Before(w.out[got.addr]) {
		t.Fatalf("%v got %v, which was declined", mac, got.addr)
	}
	for other, b := range w.has {
		if other != mac && b.addr == got.addr && w.clock.now.Before(b.until) {
			t.Fatalf("%v and %v both have %v", mac, other, got.addr)
		}
	}
	if l := w.store.leases[got.addr]; l.MAC != mac || got.until.After(l.ExpiresAt) || l.ExpiresAt.Sub(got.until) > time.Second {
		t.Fatalf("%v believes %+v, on disk is %+v", mac, got, l)
	}
	w.has[mac] = got
}

// asked gives the address that a REQUEST is about.
func (d *datagram) asked() []byte {
	q, err := classify(d)
	if err != nil {
		return nil
	}
	if q.ciaddr.IsValid() {
		return slice(q.ciaddr)
	}
	return q.packet.RequestedIPAddress()
}

func (w *world) leave(t *rapid.T, declines bool) {
	mac := w.client(t)
	mine, ok := w.has[mac]
	if !ok || !w.clock.now.Before(mine.until) {
		return
	}
	kind, how := release, []opt{fromMAC(mac), toServer("10.80.12.1"), ciaddr(mine.addr.String())}
	if declines {
		kind, how = decline, []opt{fromMAC(mac), toServer("10.80.12.1"), wants(mine.addr.String())}
		w.out[mine.addr] = w.clock.now.Add(lease.Probation)
	}
	ask(w.t, w.s, incoming(packetOf(kind, how...)))
	delete(w.has, mac)
}

// H-03: whatever clients send in whatever order, each address has one owner,
// nobody loses one before its time, a declined one stays out, and what a client
// believes is on disk.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		rt.Repeat(map[string]func(*rapid.T){
			"discover and request": func(t *rapid.T) {
				mac := w.client(t)
				clear(w.store.offers)
				if r, _ := ask(w.t, w.s, incoming(packetOf(discover, fromMAC(mac)))); r != nil {
					w.exchange(t, mac, toServer("10.80.12.1"), wants(addrOf(r.YourIPAddr).String()))
				}
			},
			"request what was not offered": func(t *rapid.T) {
				w.exchange(t, w.client(t), toServer("10.80.12.1"), wants(w.address(t).String()))
			},
			"init-reboot": func(t *rapid.T) { w.exchange(t, w.client(t), wants(w.address(t).String())) },
			"renew": func(t *rapid.T) {
				mac := w.client(t)
				if mine, ok := w.has[mac]; ok {
					w.exchange(t, mac, ciaddr(mine.addr.String()))
				}
			},
			"rebind a foreign address": func(t *rapid.T) { w.exchange(t, w.client(t), ciaddr(w.address(t).String())) },
			"release":                  func(t *rapid.T) { w.leave(t, false) },
			"decline":                  func(t *rapid.T) { w.leave(t, true) },
			"wait": func(t *rapid.T) {
				w.clock.advance(time.Duration(rapid.IntRange(1, int(90*time.Minute)).Draw(t, "wait")))
			},
			"wait for a day": func(*rapid.T) { w.clock.advance(lease.Probation) },
		})
	})
}
