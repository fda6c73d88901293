package dhcp

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
)

// regulars are the machines of a memory, and one address that is held.
type regulars struct {
	*memory
	address netip.Addr
	holder  machine.MAC
}

func (r regulars) ByMAC(mac machine.MAC) (*machine.Machine, bool) {
	m, ok := r.machines[mac]
	return m, ok
}

func (r regulars) WhoIs(a netip.Addr) (string, machine.MAC) {
	if a == r.address {
		return "", r.holder
	}
	return "", machine.MAC{}
}

func circuit(name string) opt {
	return dhcpv4.WithOption(dhcpv4.OptRelayAgentInfo(dhcpv4.OptGeneric(dhcpv4.AgentCircuitIDSubOption, []byte(name))))
}

func TestClassOfAPacket(t *testing.T) {
	known, holder := machine.MAC{2, 0, 0, 0, 0, 1}, machine.MAC{2, 0, 0, 0, 0, 2}
	m := newMemory(lab())
	m.machines[known] = &machine.Machine{ID: "m1"}
	s := serverOver(t, m, atEpoch)
	s.cfg.Regulars = regulars{m, netip.MustParseAddr("10.80.12.100"), holder}
	for _, test := range []struct {
		name string
		d    *datagram
		want class
	}{
		{"a renewal", incoming(packetOf(request, fromMAC(holder), ciaddr("10.80.12.100"))), classRenewal},
		{"somebody else's address", incoming(packetOf(request, fromMAC(testMAC), ciaddr("10.80.12.100"))), classUnknown},
		{"an address that nobody has", incoming(packetOf(request, fromMAC(holder), ciaddr("10.80.12.101"))), classUnknown},
		{"a machine that asks for another one's address", incoming(packetOf(request, fromMAC(known), ciaddr("10.80.12.100"))), classKnown},
		{"a machine that boots", incoming(packetOf(discover, fromMAC(known))), classKnown},
		{"a stranger with a lease that boots anew", incoming(packetOf(discover, fromMAC(holder))), classUnknown},
		{"a stranger behind a relay", incoming(packetOf(discover, relayedBy("10.80.12.1"), circuit("port-1"))), classUnknown},
		{"no packet", incomingBytes([]byte("hello")), classExcess},
		{"the header alone", incomingBytes(packetOf(discover, fromMAC(known)).ToBytes()[:240]), classKnown},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := s.classOf(test.d); got != test.want {
				t.Errorf("class = %s, want %s", classNames[got], classNames[test.want])
			}
		})
	}
	s.cfg.Regulars = nil
	if got := s.classOf(incoming(packetOf(discover, fromMAC(known)))); got != classUnknown {
		t.Errorf("class of a machine while nobody is known = %s, want unknown", classNames[got])
	}
}

// One port that floods spends its own allowance; one rack, its own.
func TestAFloodDoesNotCostOthersTheirTurn(t *testing.T) {
	f, now := newFairness(), epoch
	sent := func(relay uint32, port string, n int) (allowed int) {
		for range n {
			if f.allow(place{"eth1", relay}, []byte(port), now) {
				allowed++
			}
		}
		return allowed
	}
	if got := sent(1, "port-1", 10000); got != int(ofPort.burst) {
		t.Errorf("a port may send %d at once, want %v", got, ofPort.burst)
	}
	if got := sent(1, "port-2", 8); got != 8 {
		t.Errorf("its neighbour may send %d of 8", got)
	}
	if got := sent(2, "", 10000); got != int(ofRack.burst) {
		t.Errorf("a rack may send %d at once, want %v", got, ofRack.burst)
	}
	if got := sent(3, "", 8); got != 8 {
		t.Errorf("the next rack may send %d of 8", got)
	}
	now = now.Add(2 * time.Second)
	if got := sent(1, "port-1", 10000); got != int(2*ofPort.perSecond) {
		t.Errorf("the port may send %d after two seconds, want %v", got, 2*ofPort.perSecond)
	}
	if got := sent(2, "", 10000); got != int(2*ofRack.perSecond) {
		t.Errorf("the rack may send %d after two seconds, want %v", got, 2*ofRack.perSecond)
	}
}

// H-07: strangers without end, each with an address of its own, as fast as they
// are taken in: a million in the long form. Every machine is answered, and soon,
// and memory stays what it was.
func TestMachinesAreServedThroughAFloodOfStrangers(t *testing.T) {
	m := newMemory(lab())
	known := machine.MAC{2, 1, 0, 0, 0, 1}
	m.machines[known] = &machine.Machine{ID: "m1", Name: "m1", NICs: []machine.NIC{{MAC: known}}}
	s := serverOver(t, m, time.Now)
	s.cfg.Regulars = regulars{memory: m}
	ctx, cancel := contextWithCancel(t)
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	arrive := func(w wire, p *dhcpv4.DHCPv4) {
		d := s.queue.blank()
		d.size = copy(d.buffer[:], p.ToBytes())
		d.from, d.wire, d.arrived = here, w, time.Now()
		s.admit(d)
	}
	strangers, every := 20000, 400
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		strangers = 1_000_000
	}
	before := heap()
	machines, others := &fakeWire{}, nowhere{}
	var slow []time.Duration
	for i := range strangers {
		mac := machine.MAC{2, 2, byte(rand.Uint32()), byte(rand.Uint32()), byte(rand.Uint32()), byte(rand.Uint32())}
		arrive(others, packetOf(discover, fromMAC(mac)))
		if i%every != 0 {
			continue
		}
		had, began := machines.count(), time.Now()
		arrive(machines, packetOf(discover, fromMAC(known)))
		for machines.count() == had && time.Since(began) < 5*time.Second {
			arrive(others, packetOf(discover, fromMAC(mac)))
		}
		slow = append(slow, time.Since(began))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run() = %v", err)
	}
	if got := machines.count(); got != strangers/every {
		t.Errorf("%d of %d DISCOVERs of a machine were answered", got, strangers/every)
	}
	if worst := slices.Max(slow); worst > time.Second {
		t.Errorf("a machine waited %s, want at most 1 s", worst)
	}
	if got := s.metrics.shed[classKnown].Load(); got != 0 {
		t.Errorf("%d packets of machines were let go", got)
	}
	if s.metrics.shed[classExcess].Load() == 0 {
		t.Error("no packet was let go: this was no flood")
	}
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("%d strangers left %d MiB behind, want at most 64", strangers, grown>>20)
	}
	if len(m.leases) > 0 || len(m.offers) > 101 {
		t.Errorf("there are %d leases and %d offers, want none, and one of each address at most", len(m.leases), len(m.offers))
	}
}

// nowhere is a wire of which nobody listens to the other end.
type nowhere struct{}

func (nowhere) send(l *letter) { l.gone(l, nil) }

// heap is how many bytes are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What waited until its client asked again is not answered; a renewal is.
func TestWhatWaitedTooLongIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverOver(t, newMemory(lab()), time.Now)
		came := func(c class, waited time.Duration, mac byte) *fakeWire {
			w, d := &fakeWire{}, s.queue.blank()
			d.size = copy(d.buffer[:], packetOf(discover, fromMAC(machine.MAC{2, 0, 0, 0, 0, mac})).ToBytes())
			d.from, d.wire, d.class, d.arrived = here, w, c, time.Now().Add(-waited)
			s.queue.push(d)
			return w
		}
		fresh, late, renews := came(classUnknown, 2*time.Second, 1), came(classUnknown, 4*time.Second, 2), came(classRenewal, 4*time.Second, 3)
		ctx, cancel := contextWithCancel(t)
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		synctest.Wait()
		if fresh.count() != 1 || late.count() != 0 || renews.count() != 1 {
			t.Errorf("answers = %d, %d, %d, want one after 2 s, none after 4 s, one to who renews", fresh.count(), late.count(), renews.count())
		}
		if got := s.metrics.dropped[dropStale].Load(); got != 1 {
			t.Errorf("stale = %d, want 1", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
}

func FuzzClassOf(f *testing.F) {
	f.Add(packetOf(discover, pxeBIOS...).ToBytes())
	f.Add(packetOf(request, relayedBy("10.80.12.1"), circuit("port-1"), ciaddr("10.80.12.100")).ToBytes())
	s := serverOver(f, newMemory(lab()), atEpoch)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := incomingBytes(b[:min(len(b), maxPacket)])
		if c := s.classOf(d); c != classUnknown && c != classExcess {
			t.Errorf("class = %v of a stranger", c)
		}
		if p, err := dhcpv4.FromBytes(d.buffer[:d.size]); err == nil && p.OpCode == dhcpv4.OpcodeBootRequest {
			kind, _ := peek(d.buffer[min(atOptions, d.size):d.size])
			if p.MessageType() != dhcpv4.MessageTypeNone && kind == dhcpv4.MessageTypeNone {
				t.Errorf("the type is %s, and peek finds none", p.MessageType())
			}
		}
	})
}
