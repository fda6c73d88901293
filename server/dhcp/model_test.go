package dhcp

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

// world is clients that talk to the server through packets, and what they
// believe: an address is theirs from its ACK on until their clock runs out.
type world struct {
	t       *testing.T
	clients int
	pick    func(what string, low, high int) int // by chance
	fatalf  func(format string, args ...any)
	clock   *ticking
	store   *memory
	s       *Server
	has     map[machine.MAC]belief
	holder  map[netip.Addr]machine.MAC // who was given it last
	out     map[netip.Addr]time.Time
}

type belief struct {
	addr  netip.Addr
	until time.Time
}

// newWorld has so many clients, and fewer addresses, from first to last.
func newWorld(t *testing.T, clients int, first, last string) *world {
	clock := &ticking{epoch}
	subnet := lab()
	subnet.Prefix = netip.MustParsePrefix("10.80.12.0/23")
	subnet.Ranges[0] = machine.Range{First: netip.MustParseAddr(first), Last: netip.MustParseAddr(last)}
	m := newMemory(subnet)
	return &world{
		t: t, clients: clients, clock: clock, store: m, s: serverOver(t, m, clock.read),
		has: map[machine.MAC]belief{}, holder: map[netip.Addr]machine.MAC{}, out: map[netip.Addr]time.Time{},
	}
}

func (w *world) client() machine.MAC {
	n := w.pick("client", 1, w.clients)
	return machine.MAC{2, 0, 0, 0, byte(n >> 8), byte(n)}
}

// address is one of the range, or one of the two beside either of its ends.
func (w *world) address() netip.Addr {
	r := w.store.subnets[0].Ranges[0]
	low, high := r.First.As4(), r.Last.As4()
	n := w.pick("address", int(low[2])<<8+int(low[3])-2, int(high[2])<<8+int(high[3])+2)
	return netip.AddrFrom4([4]byte{10, 80, byte(n >> 8), byte(n)})
}

// holds tells what a client has by its own clock.
func (w *world) holds(mac machine.MAC) (netip.Addr, bool) {
	mine, ok := w.has[mac]
	return mine.addr, ok && w.clock.now.Before(mine.until)
}

// exchange sends one REQUEST and holds its ACK against what all clients believe.
func (w *world) exchange(mac machine.MAC, p ...opt) {
	clear(w.store.offers) // they last for seconds
	d := incoming(packetOf(request, append(p, fromMAC(mac))...))
	d.unicast = w.pick("by unicast", 0, 1) == 1
	r, _ := ask(w.t, w.s, d)
	if r == nil {
		return
	}
	if r.MessageType() == refused {
		if mine, ok := w.holds(mac); ok && addrOf(d.asked()) == mine {
			w.fatalf("%v lost %v before its end", mac, mine)
		}
		return
	}
	w.given(mac, belief{addrOf(r.YourIPAddr), w.clock.now.Add(r.IPAddressLeaseTime(0))})
}

func (w *world) given(mac machine.MAC, got belief) {
	if w.clock.now.Before(w.out[got.addr]) {
		w.fatalf("%v got %v, which was declined", mac, got.addr)
	}
	if other := w.holder[got.addr]; other != mac {
		if theirs, ok := w.holds(other); ok && theirs == got.addr {
			w.fatalf("%v and %v both have %v", mac, other, got.addr)
		}
	}
	if l := w.store.leases[got.addr]; l.MAC != mac || got.until.After(l.ExpiresAt) || l.ExpiresAt.Sub(got.until) > time.Second {
		w.fatalf("%v believes %+v, on disk is %+v", mac, got, l)
	}
	w.has[mac], w.holder[got.addr] = got, mac
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

// leave is a RELEASE or a DECLINE of what a client has.
func (w *world) leave(declines bool) {
	mac := w.client()
	mine, ok := w.holds(mac)
	if !ok {
		return
	}
	if declines {
		w.out[mine] = w.clock.now.Add(lease.Probation)
	}
	ask(w.t, w.s, leaving(mac, mine, "10.80.12.1", declines))
	delete(w.has, mac)
}

func leaving(mac machine.MAC, a netip.Addr, server string, declines bool) *datagram {
	if declines {
		return incoming(packetOf(decline, fromMAC(mac), toServer(server), wants(a.String())))
	}
	return incoming(packetOf(release, fromMAC(mac), toServer(server), ciaddr(a.String())))
}

// meddle is a RELEASE or a DECLINE of what the client does not have, or for
// another server: nothing may come of it.
func (w *world) meddle() {
	mac, a, server := w.client(), w.address(), "10.80.12.1"
	if mine, ok := w.holds(mac); ok && mine == a {
		server = "10.80.12.9"
	}
	before := w.store.leases[a]
	ask(w.t, w.s, leaving(mac, a, server, w.pick("declines", 0, 1) == 1))
	if after := w.store.leases[a]; after != before && (before.MAC != mac || server != "10.80.12.1") {
		w.fatalf("%v changed %+v to %+v", mac, before, after)
	}
}

// inform asks for options alone: no address, no time, and nothing changes.
func (w *world) inform() {
	mac, a := w.client(), w.address()
	before := w.store.leases[a]
	r, _ := ask(w.t, w.s, incoming(packetOf(inform, fromMAC(mac), ciaddr(a.String()))))
	if r == nil || r.MessageType() != acked || addrOf(r.YourIPAddr).IsValid() || r.IPAddressLeaseTime(0) != 0 {
		w.fatalf("%v informs of %v and gets %v", mac, a, r)
	}
	if after := w.store.leases[a]; after != before {
		w.fatalf("an INFORM changed %+v to %+v", before, after)
	}
}

// discover asks, with a wish or without, and takes what is offered or does not.
func (w *world) discover(takes bool) {
	mac, opts := w.client(), []opt{}
	if w.pick("wishes", 0, 1) == 1 {
		opts = append(opts, wants(w.address().String()))
	}
	clear(w.store.offers)
	r, _ := ask(w.t, w.s, incoming(packetOf(discover, append(opts, fromMAC(mac))...)))
	if r == nil {
		return // all are taken
	}
	a := addrOf(r.YourIPAddr)
	if other := w.holder[a]; other != mac {
		if theirs, ok := w.holds(other); ok && theirs == a {
			w.fatalf("%v is offered %v, which %v has", mac, a, other)
		}
	}
	if takes {
		w.exchange(mac, toServer("10.80.12.1"), wants(a.String()))
	}
}

// acts are all that clients can send, and time.
var acts = map[string]func(*world){
	"discover and request":         func(w *world) { w.discover(true) },
	"discover and go":              func(w *world) { w.discover(false) },
	"request what was not offered": func(w *world) { w.exchange(w.client(), toServer("10.80.12.1"), wants(w.address().String())) },
	"take another server's offer": func(w *world) {
		mac, a := w.client(), w.address()
		before := w.store.leases[a]
		w.exchange(mac, toServer("10.80.12.9"), wants(a.String()))
		if w.store.leases[a] != before {
			w.fatalf("an offer of another server gave %v to %v", a, mac)
		}
	},
	"init-reboot": func(w *world) { w.exchange(w.client(), wants(w.address().String())) },
	"renew": func(w *world) {
		mac := w.client()
		if mine, ok := w.has[mac]; ok {
			w.exchange(mac, ciaddr(mine.addr.String()))
		}
	},
	"rebind a foreign address": func(w *world) { w.exchange(w.client(), ciaddr(w.address().String())) },
	"release":                  func(w *world) { w.leave(false) },
	"decline":                  func(w *world) { w.leave(true) },
	"meddle":                   (*world).meddle,
	"inform":                   (*world).inform,
	"wait":                     func(w *world) { w.clock.advance(time.Duration(w.pick("wait", 1, int(90*time.Minute)))) },
}

// H-03: whatever clients send in whatever order, each address has one owner,
// nobody loses one before its time, a declined one stays out, and what a client
// believes is on disk.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, 9, "10.80.12.100", "10.80.12.105")
		todo := map[string]func(*rapid.T){"wait for a day": func(*rapid.T) { w.clock.advance(lease.Probation) }}
		for name, act := range acts {
			todo[name] = func(t *rapid.T) {
				w.pick = func(what string, low, high int) int { return rapid.IntRange(low, high).Draw(t, what) }
				w.fatalf = t.Fatalf
				act(w)
			}
		}
		rt.Repeat(todo)
	})
}

// The same with 500 clients for 400 addresses, 100,000 steps of each of 20 seeds.
func TestModelOfFiveHundredClients(t *testing.T) {
	seeds, steps := 1, 2000
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		seeds, steps = 20, 100_000
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 3))
			w := newWorld(t, 500, "10.80.12.100", "10.80.13.243")
			w.pick = func(_ string, low, high int) int { return low + r.IntN(high-low+1) }
			names := slices.Sorted(maps.Keys(acts))
			for step := range steps {
				name := names[r.IntN(len(names))]
				w.fatalf = func(format string, args ...any) {
					t.Fatalf("seed %d, step %d, %s: %s", seed, step, name, fmt.Sprintf(format, args...))
				}
				if name == "wait" && r.IntN(20) > 0 {
					continue // else nobody would hold anything for long
				}
				acts[name](w)
			}
		})
	}
}
