package dhcp

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/backup"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/serverdb/storetest"
)

// street is a network with its clients: what each of them believes, and who
// answers from an address. It is the truth that a database can fall behind.
type street struct {
	t       *testing.T
	now     atomic.Int64 // read by the database's own goroutines, too; nanoseconds since epoch
	clients []*resident
	server  *Server
	rand    *rand.Rand
}

type resident struct {
	mac   machine.MAC
	has   netip.Addr
	until time.Time
}

func (s *street) clock() time.Time { return epoch.Add(time.Duration(s.now.Load())) }

func (s *street) pass(d time.Duration) { s.now.Add(int64(d)) }

func (s *street) holds(c *resident) bool { return c.has.IsValid() && s.clock().Before(c.until) }

// Probe answers as the clients would.
func (s *street) Probe(_ context.Context, q Question) (machine.MAC, bool) {
	for _, c := range s.clients {
		if s.holds(c) && c.has == q.Address {
			return c.mac, true
		}
	}
	return machine.MAC{}, false
}

func (s *street) ask(c *resident, kind dhcpv4.MessageType, opts ...opt) *dhcpv4.DHCPv4 {
	r, _ := ask(s.t, s.server, incoming(packetOf(kind, append(opts, fromMAC(c.mac))...)))
	return r
}

// take believes a reply: an ACK gives an address, a NAK takes it.
func (s *street) take(c *resident, r *dhcpv4.DHCPv4) {
	switch {
	case r == nil:
	case r.MessageType() == dhcpv4.MessageTypeNak:
		c.has = netip.Addr{}
	case r.MessageType() == dhcpv4.MessageTypeAck:
		c.has, c.until = addrOf(r.YourIPAddr), s.clock().Add(r.IPAddressLeaseTime(0))
		for _, other := range s.clients {
			if other != c && s.holds(other) && other.has == c.has {
				s.t.Fatalf("%s was given %s, which %s has", c.mac, c.has, other.mac)
			}
		}
	}
}

// boot is what firmware does: it knows of no address.
func (s *street) boot(c *resident) {
	c.has = netip.Addr{}
	if offer := s.ask(c, discover); offer != nil {
		s.take(c, s.ask(c, request, toServer(here.server.String()), wants(offer.YourIPAddr.String())))
	}
}

func (s *street) renew(c *resident) {
	if s.holds(c) {
		s.take(c, s.ask(c, request, ciaddr(c.has.String())))
	}
}

// reboot is INIT-REBOOT: a system that remembers its address asks for it again.
func (s *street) reboot(c *resident) {
	if !s.holds(c) {
		s.boot(c)
		return
	}
	last := c.has
	c.has = netip.Addr{} // not configured until the server agrees
	s.take(c, s.ask(c, request, wants(last.String())))
}

func (s *street) leave(c *resident) {
	if s.holds(c) {
		s.ask(c, release, ciaddr(c.has.String()), toServer(here.server.String()))
		c.has = netip.Addr{}
	}
}

func (s *street) moveIn(n int) {
	for range n {
		c := &resident{mac: machine.MAC{0x52, 0x54}}
		binary.BigEndian.PutUint32(c.mac[2:], uint32(len(s.clients)+1))
		s.clients = append(s.clients, c)
		s.boot(c)
	}
}

// live lets clients do as clients do.
func (s *street) live(steps int) {
	for range steps {
		c := s.clients[s.rand.IntN(len(s.clients))]
		[]func(*resident){s.renew, s.renew, s.boot, s.reboot, s.leave}[s.rand.IntN(5)](c)
		s.pass(time.Duration(s.rand.IntN(3)) * time.Second)
	}
}

func (s *street) open(path string) *serverdb.DB {
	s.t.Helper()
	d, err := serverdb.Open(s.t.Context(), path, s.options())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = d.Close() })
	subnet := lab()
	subnet.Ranges = []machine.Range{{First: netip.MustParseAddr("10.80.12.20"), Last: netip.MustParseAddr("10.80.12.249")}}
	if err := d.Seed(s.t.Context(), []*machine.Subnet{subnet}, nil); err != nil {
		s.t.Fatal(err)
	}
	s.server = serverOver(s.t, newMemory(), s.clock)
	s.server.cfg.Inventory, s.server.cfg.Leases, s.server.cfg.Journal, s.server.cfg.Probe = d, d, d, s
	return d
}

func (s *street) options() serverdb.Options {
	return serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: s.clock, Retention: time.Hour}
}

// TestNoAddressIsGivenTwiceAfterAStaleRestore is D-10: a database of an hour ago
// is restored, and the clients that were served since go on.
func TestNoAddressIsGivenTwiceAfterAStaleRestore(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := &street{t: t, rand: rand.New(rand.NewPCG(seed, 0))}
	d := s.open(storetest.Fresh(t))
	s.moveIn(100)
	var copied bytes.Buffer
	if err := d.Backup(t.Context(), &copied, backup.Head{}, nil); err != nil {
		t.Fatal(err)
	}
	s.live(150) // the hour of which the backup knows nothing
	s.moveIn(100)
	s.live(150)
	s.now.Store(int64(59 * time.Minute))
	for _, c := range s.clients {
		s.renew(c)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(t.TempDir(), "serverdb.sqlite")
	if _, err := (serverdb.Restore{Options: s.options()}).Run(t.Context(), stale, bytes.NewReader(copied.Bytes())); err != nil {
		t.Fatal(err)
	}
	s.open(stale)
	s.keepsWhatItHas()
	s.live(300)
	s.moveIn(20)
	s.live(300)
}

// keepsWhatItHas lets every client renew: whoever is not in another's way keeps
// its address.
func (s *street) keepsWhatItHas() {
	var kept, lost int
	for _, c := range s.clients {
		if !s.holds(c) {
			continue
		}
		if s.renew(c); s.holds(c) {
			kept++
		} else {
			lost++
		}
	}
	s.t.Logf("after the restore %d clients keep their address, %d are sent back to ask anew", kept, lost)
	if kept < 4*lost || kept < 50 {
		s.t.Errorf("%d kept, %d lost: a lease that nobody remembers is not honoured", kept, lost)
	}
}

// An address from which somebody answers is not offered; the client's own answer
// is no reason.
func TestAnOfferIsProbedWhereLeasesMayBeMissing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stale  bool
		answer machine.MAC
		want   bool // that the first choice is offered
	}{
		{"a book that is whole is believed", false, otherMAC, true},
		{"somebody else answers", true, otherMAC, false},
		{"somebody beyond a relay answers", true, machine.MAC{}, false},
		{"the client itself answers", true, testMAC, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, m := labWith(t, bound, func(m *memory) { m.stale = tt.stale })
			s.cfg.Probe = answering{netip.MustParseAddr("10.80.12.100"): tt.answer}
			r, _ := ask(t, s, incoming(packetOf(discover)))
			if r == nil || (r.YourIPAddr.String() == "10.80.12.100") != tt.want {
				t.Errorf("offered %v, want the first choice %t", r, tt.want)
			}
			if m.answered[netip.MustParseAddr("10.80.12.100")] == tt.want {
				t.Errorf("remembered as answered: %t", !tt.want)
			}
		})
	}
}

// answering is who answers from which address.
type answering map[netip.Addr]machine.MAC

func (a answering) Probe(_ context.Context, q Question) (machine.MAC, bool) {
	mac, ok := a[q.Address]
	return mac, ok
}
