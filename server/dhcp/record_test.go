package dhcp

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/machine"
)

// ticking is a clock that a test moves.
type ticking struct{ now time.Time }

func (c *ticking) read() time.Time          { return c.now }
func (c *ticking) advance(by time.Duration) { c.now = c.now.Add(by) }
func (s *Server) sweep(at time.Time, m *memory) {
	for _, row := range s.exchanges.Sweep(at) {
		m.Note(row)
	}
}

func TestOneRowForAnExchange(t *testing.T) {
	clock := &ticking{epoch}
	m := newMemory(lab())
	m.put("c0mput3", testMAC, machine.Available, "10.80.12.31")
	s := serverOver(t, m, clock.read)
	ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
	clock.advance(4 * time.Second)
	ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
	clock.advance(time.Second)
	ask(t, s, incoming(packetOf(request, join(pxeUEFI, []opt{toServer("10.80.12.1"), wants("10.80.12.31")})...)))
	clock.advance(time.Hour)
	s.sweep(clock.now, m)

	if want := []string{"DISCOVER, OFFER, REQUEST, ACK: UEFI x64 gets 10.80.12.31"}; !slices.Equal(m.texts(), want) {
		t.Fatalf("rows = %q, want %q", m.texts(), want)
	}
	row := m.rows[0]
	if row.At != epoch || row.Duration != 5*time.Second || row.Machine != "c0mput3" || row.MAC != testMAC || row.Count != 2 {
		t.Errorf("row = %+v", row)
	}
	want := map[string]string{
		"interface": "br0", "subnet": "lab", "address": "10.80.12.31", "lease": "1h0m0s", "boots": "snponly.efi",
		"vendor_class": "PXEClient:Arch:00007:UNDI:003016", "stage": "firmware", "arch": "7", "outcome": "bound",
	}
	if diff := cmp.Diff(want, row.Details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if len(m.decided) != 1 || m.decided[0].Target != boot.Agent {
		t.Errorf("decided = %+v, want the agent once", m.decided)
	}
}

func TestRows(t *testing.T) {
	dora := func(opts []opt) func(*testing.T, *Server) {
		return func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(discover, append(opts, wants("10.80.12.150"))...)))
			ask(t, s, incoming(packetOf(request, append(opts, toServer("10.80.12.1"), wants("10.80.12.150"))...)))
		}
	}
	for _, tt := range []struct {
		name    string
		lab     []func(*memory)
		do      func(*testing.T, *Server)
		want    string // empty: none
		count   int
		decided int
	}{
		{"a BIOS machine", nil, dora(pxeBIOS), "DISCOVER, OFFER, REQUEST, ACK: BIOS gets 10.80.12.150", 0, 1},
		{"iPXE", nil, dora(ipxe), "DISCOVER, OFFER, REQUEST, ACK: iPXE on UEFI x64 gets 10.80.12.150", 0, 1},
		{"a system is no boot", nil, dora(nil), "DISCOVER, OFFER, REQUEST, ACK: DHCP client gets 10.80.12.150", 0, 0},
		{"a renewal leaves no row", []func(*memory){bound}, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(request, ciaddr("10.80.12.100"))))
		}, "", 0, 0},
		{"a restart", []func(*memory){bound}, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(request, wants("10.80.12.100"))))
		}, "REQUEST, ACK: DHCP client has 10.80.12.100 again", 0, 0},
		{"a refusal", nil, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(request, ciaddr("10.80.12.101"))))
		}, "DHCP client was refused: 10.80.12.101 is not an address for it", 0, 0},
		{"an offer that is not taken", nil, func(t *testing.T, s *Server) {
			for range 3 {
				ask(t, s, incoming(packetOf(discover, append(pxeUEFI, wants("10.80.12.150"))...)))
			}
		}, "UEFI x64 was offered 10.80.12.150 and did not take it", 3, 0},
		{"the offer of another server", nil, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
			ask(t, s, incoming(packetOf(request, toServer("10.80.12.2"), wants("10.80.12.7"))))
		}, "DHCP client took the offer of another DHCP server, 10.80.12.2", 0, 0},
		{"a request that was never ours tells of its server alone, and once", nil, func(t *testing.T, s *Server) {
			for range 3 {
				ask(t, s, incoming(packetOf(request, toServer("10.80.12.2"), wants("10.80.12.7"))))
			}
		}, "another DHCP server answers on this network: 10.80.12.2 gives 10.80.12.7", 0, 0},
		{"a stranger on an observed subnet is decided on once", []func(*memory){policy(machine.PolicyObserve)}, func(t *testing.T, s *Server) {
			for range 4 {
				ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
			}
		}, "UEFI x64 asked for an address and got no answer: it is not known and its subnet only observes such machines", 4, 1},
		{"a lease given back", []func(*memory){bound}, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(release, ciaddr("10.80.12.100"), toServer("10.80.12.1"))))
		}, "DHCP client gave 10.80.12.100 back", 0, 0},
		{"an address in use by another", []func(*memory){bound}, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(decline, wants("10.80.12.100"), toServer("10.80.12.1"))))
		}, "DHCP client found 10.80.12.100 in use by another: kept out for 24h0m0s", 0, 0},
		{"a store that fails", nil, func(t *testing.T, s *Server) {
			s.cfg.Leases.(*memory).broken = errDisk
			ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
		}, "UEFI x64 asked for an address and got no answer: ServerDb did not answer", 1, 0},
		{"a packet of a foreign network", nil, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(discover, relayedBy("10.99.0.1"))))
		}, "", 0, 0},
		{"a machine that boots in a network that nobody configured", nil, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(discover, append(pxeUEFI, relayedBy("10.99.0.1"))...)))
		}, "UEFI x64 asked for an address and got no answer: no subnet of ours has the address 10.99.0.1", 1, 0},
		{"a machine that boots in a network that is switched off", []func(*memory){off}, func(t *testing.T, s *Server) {
			ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
		}, "", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, m := labWith(t, tt.lab...)
			tt.do(t, s)
			s.sweep(epoch.Add(quiet), m)
			got := strings.Join(m.texts(), "; ")
			if got != tt.want {
				t.Fatalf("rows = %q, want %q", got, tt.want)
			}
			if tt.want != "" && m.rows[0].Count != tt.count {
				t.Errorf("count = %d, want %d", m.rows[0].Count, tt.count)
			}
			if len(m.decided) != tt.decided {
				t.Errorf("decided %d times, want %d", len(m.decided), tt.decided)
			}
		})
	}
}

// The journal hears of a reply after it left: one that cannot be sent is no
// row.
func TestAReplyThatCannotLeaveIsNoRow(t *testing.T) {
	s, m := labWith(t, bound)
	d := incoming(packetOf(request, wants("10.80.12.100")))
	d.wire = &fakeWire{broken: errWire}
	s.handle(t.Context(), d)
	if len(m.texts()) != 0 || s.metrics.dropped[dropSend].Load() != 1 {
		t.Errorf("rows = %q, dropped for sending = %d, want none and 1", m.texts(), s.metrics.dropped[dropSend].Load())
	}
}

// A client that never stops asking is told of now and then, and strangers
// cannot fill the memory.
func TestExchangesAreBounded(t *testing.T) {
	s, m := labWith(t, policy(machine.PolicyObserve))
	for i := range exchange.Most + 100 {
		ask(t, s, incoming(packetOf(discover, fromMAC(machine.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}))))
	}
	if got := s.exchanges.Len(); got != exchange.Most {
		t.Errorf("remembered = %d, want %d", got, exchange.Most)
	}
	s.sweep(epoch.Add(quiet), m)
	if got := s.exchanges.Len(); got != 0 || len(m.rows) != exchange.Most {
		t.Errorf("after a sweep %d are open and %d told, want 0 and %d", got, len(m.rows), exchange.Most)
	}
}

// Who asks on and on without an end is told of within the minute, so that it can
// be found, and then every five minutes.
func TestWhoAsksForEverIsToldOfSoonAndThenNowAndThen(t *testing.T) {
	clock := &ticking{epoch}
	m := newMemory(lab())
	m.subnets[0].Policy = machine.PolicyObserve
	s := serverOver(t, m, clock.read)
	for at := range 13 * 6 {
		ask(t, s, incoming(packetOf(discover)))
		s.sweep(clock.now, m)
		want := 0
		switch {
		case at >= 65: // 25 s after its first packet, and then 5 min after each first that followed a row
			want = 3
		case at >= 34:
			want = 2
		case at >= 3:
			want = 1
		}
		if got := len(m.rows); got != want {
			t.Fatalf("rows after %d s = %d, want %d", 10*at, got, want)
		}
		clock.advance(10 * time.Second)
	}
	if got := len(m.rows); got != 3 || m.rows[0].Count != 4 {
		t.Errorf("rows after 13 minutes = %d, the first of %d packets; want 3, the first of 4", got, m.rows[0].Count)
	}
}

// The task sweeps by itself, answers until its context ends, and ends then.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(lab())
		s := serverOver(t, m, time.Now)
		ctx, cancel := contextWithCancel(t)
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		<-s.Ready()
		w := &fakeWire{}
		d := s.queue.blank()
		d.size = copy(d.buffer[:], packetOf(discover, pxeBIOS...).ToBytes())
		d.from, d.wire, d.arrived = here, w, time.Now()
		s.queue.push(d)
		time.Sleep(2 * quiet)
		synctest.Wait()
		if got := m.texts(); len(got) != 1 || !strings.HasPrefix(got[0], "BIOS was offered 10.80.12.1") {
			t.Errorf("rows = %q, want an offer that was not taken", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
}
