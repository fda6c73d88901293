package dhcp

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/virtualrack/netns/netnstest"
)

// The probe finds whoever has an address on a real cable, by ARP and by echo, and
// takes no longer than it may where nobody does.
func TestProbeOnACable(t *testing.T) {
	host, other := netnstest.Pair(t)
	other.Address("eth0", "10.80.12.77/24")
	for _, tt := range []struct {
		address string
		relayed bool
		want    bool
	}{
		{"10.80.12.77", false, true}, {"10.80.12.77", true, true}, {"10.80.12.78", false, false}, {"10.80.12.78", true, false},
	} {
		began := time.Now()
		err := host.Do(func() error {
			dev, err := net.InterfaceByName("br0")
			if err != nil {
				return err
			}
			near, err := openNeighbours(dev)
			if err != nil {
				return err
			}
			defer near.conn.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			mac, got := wireProber{map[string]*neighbours{"br0": near}}.Probe(ctx, Question{Interface: "br0", Server: ourServer, Address: netip.MustParseAddr(tt.address), Relayed: tt.relayed})
			if got != tt.want || got && !tt.relayed && mac.IsZero() {
				t.Errorf("%s, relayed %t: Probe() = %s, %t, want %t", tt.address, tt.relayed, mac, got, tt.want)
			}
			return nil
		})
		if took := time.Since(began); err != nil || took > 5*time.Second {
			t.Errorf("%v after %s", err, took)
		}
	}
}

func TestARPAnswersAreOfTheAddress(t *testing.T) {
	a := netip.MustParseAddr("10.80.12.100")
	mac := machine.MAC{2, 0, 0, 0, 0, 7}
	reply := arpProbe(mac[:], a)
	if _, _, ok := arpAnswer(reply); ok {
		t.Error("a question was taken for an answer")
	}
	reply[7] = arpReply
	copy(reply[14:18], a.AsSlice())
	if of, got, ok := arpAnswer(reply); !ok || got != mac || of != a {
		t.Errorf("arpAnswer() = %s, %s, %t", of, got, ok)
	}
	if _, _, ok := arpAnswer(reply[:20]); ok {
		t.Error("half an answer was taken")
	}
}

// squatted answers from some addresses, and counts who asks.
type squatted struct {
	by    map[netip.Addr]machine.MAC
	block chan struct{} // when set, answers wait for it
	asked atomic.Int32
}

func (p *squatted) Probe(ctx context.Context, q Question) (machine.MAC, bool) {
	p.asked.Add(1)
	if p.block != nil {
		<-p.block
	}
	mac, ok := p.by[q.Address]
	return mac, ok
}

// probing makes a server probe, and gives what it answers once that is over.
func probing(t *testing.T, p *squatted, lab ...func(*memory)) (*Server, *memory, func(...opt) *dhcpv4.DHCPv4) {
	s, m := labWith(t, lab...)
	s.cfg.Probe, s.doubts = p, make(chan struct{}, maxDoubts)
	return s, m, func(opts ...opt) *dhcpv4.DHCPv4 {
		d, w := incoming(packetOf(discover, opts...)), &fakeWire{}
		d.wire = w
		s.handle(t.Context(), d)
		clear(d.buffer[:]) // it is the next packet's
		s.probing.Wait()
		if len(w.sent) == 0 {
			return nil
		}
		r, err := dhcpv4.FromBytes(w.sent[0])
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// RFC 2131 §4.3.1: an address from which somebody answers is not offered, and is
// kept out of use durably, with a row that says who is on it.
func TestAnAddressIsProbedBeforeItIsOffered(t *testing.T) {
	taken, other := netip.MustParseAddr("10.80.12.150"), machine.MAC{2, 0, 0, 0, 0, 7}
	p := &squatted{by: map[netip.Addr]machine.MAC{taken: other}}
	s, m, discovers := probing(t, p)
	r := discovers(wants("10.80.12.150"))
	if r == nil || r.MessageType() != offered || addrOf(r.YourIPAddr) == taken {
		t.Fatalf("answer = %v", r)
	}
	if l := m.leases[taken]; l.State != lease.Declined || l.MAC != other || l.ExpiresAt != epoch.Add(lease.Probation) {
		t.Errorf("the address is %+v", l)
	}
	want := "DHCP client was not offered 10.80.12.150, from which 02:00:00:00:00:07 answers: kept out for 24h0m0s"
	if texts := m.texts(); len(texts) != 1 || texts[0] != want {
		t.Errorf("rows = %q", texts)
	}
	if s.metrics.conflicts.Load() != 1 || p.asked.Load() != 2 {
		t.Errorf("conflicts %d, asked %d times", s.metrics.conflicts.Load(), p.asked.Load())
	}
	p.by[taken.Next()] = testMAC // the client itself, still on what it had
	if r := discovers(wants("10.80.12.151")); addrOf(r.YourIPAddr) != taken.Next() {
		t.Errorf("the client's own answer keeps it from %s: %v", taken.Next(), r.YourIPAddr)
	}
}

// What the client had last is not probed: it may be on it still.
func TestWhatAClientHasIsNotProbed(t *testing.T) {
	p := &squatted{by: map[netip.Addr]machine.MAC{netip.MustParseAddr("10.80.12.100"): {2, 0, 0, 0, 0, 7}}}
	_, _, discovers := probing(t, p, bound)
	if r := discovers(); r == nil || r.YourIPAddr.String() != "10.80.12.100" || p.asked.Load() != 0 {
		t.Errorf("answer = %v, asked %d times", r, p.asked.Load())
	}
}

// A store that fails means silence here as well, and a subnet full of squatters
// is told as such.
func TestAConflictThatCannotBeKept(t *testing.T) {
	all := map[netip.Addr]machine.MAC{}
	for a, i := netip.MustParseAddr("10.80.12.100"), 0; i < 100; a, i = a.Next(), i+1 {
		all[a] = machine.MAC{2}
	}
	s, _, discovers := probing(t, &squatted{by: all})
	if r := discovers(); r != nil || s.metrics.dropped[dropNoAddress].Load() != 1 || s.metrics.conflicts.Load() != probeTries {
		t.Errorf("answer = %v, %d conflicts", r, s.metrics.conflicts.Load())
	}
	s, m, discovers := probing(t, &squatted{by: all})
	m.stall = make(chan struct{})
	close(m.stall)
	s.cfg.Leases = unkept{m}
	if r := discovers(); r != nil || s.metrics.dropped[dropStore].Load() != 1 {
		t.Errorf("answer = %v", r)
	}
}

type unkept struct{ *memory }

func (unkept) Quarantine(context.Context, *machine.Subnet, netip.Addr, machine.MAC, time.Time) error {
	return errDisk
}

// Probes hold no worker and are bounded: what is more is offered at once.
func TestProbesAreBounded(t *testing.T) {
	p := &squatted{block: make(chan struct{})}
	s, _ := labWith(t)
	s.cfg.Probe, s.doubts = p, make(chan struct{}, maxDoubts)
	w := &fakeWire{}
	for i := range maxDoubts + 10 {
		d := incoming(packetOf(discover, fromMAC(machine.MAC{2, 0, 0, 0, 1, byte(i)})))
		d.wire = w
		s.handle(t.Context(), d) // returns although no probe is over
	}
	if got := w.count(); got != 10 || s.metrics.unprobed.Load() != 10 {
		t.Errorf("%d offers, %d unprobed, want 10 of each", got, s.metrics.unprobed.Load())
	}
	close(p.block)
	s.probing.Wait()
	if got := w.count(); got != maxDoubts+10 {
		t.Errorf("%d offers, want %d", got, maxDoubts+10)
	}
}
