package dhcp

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

var (
	rogueMAC     = machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x99}
	rogueAddress = netip.MustParseAddrPort("10.80.12.9:67")
)

// overheardOffer is an offer of another server as it passes by.
func overheardOffer(opts ...opt) []byte {
	p := packetOf(dhcpv4.MessageTypeOffer, append([]opt{toServer("10.80.12.9"), dhcpv4.WithYourIP(slice(netip.MustParseAddr("10.80.12.30")))}, opts...)...)
	p.OpCode = dhcpv4.OpcodeBootReply
	return frame.UDP(rogueAddress, netip.MustParseAddrPort("255.255.255.255:68"), p.ToBytes())
}

func TestOtherServers(t *testing.T) {
	const told = "another DHCP server answers on this network: 10.80.12.9 (52:54:00:12:34:99) gives 10.80.12.30"
	for _, tt := range []struct {
		name  string
		lab   func(*memory)
		peers []netip.Addr
		seen  []byte
		heard string
		row   string
	}{
		{name: "an offer", seen: overheardOffer(), heard: "10.80.12.9 (52:54:00:12:34:99) gives 10.80.12.30", row: told},
		{
			name: "an offer with a boot file", seen: overheardOffer(text(67, "pxelinux.0")),
			heard: "10.80.12.9 (52:54:00:12:34:99) gives 10.80.12.30 and has machines boot pxelinux.0", row: told + " and has machines boot pxelinux.0",
		},
		{name: "beside a proxy it may be", lab: proxied, seen: overheardOffer(), heard: "10.80.12.9 (52:54:00:12:34:99) gives 10.80.12.30"},
		{name: "a peer may be", peers: []netip.Addr{rogueAddress.Addr()}, seen: overheardOffer(), heard: "10.80.12.9 (52:54:00:12:34:99) gives 10.80.12.30"},
		{name: "where we do not serve it is not our matter", lab: func(m *memory) { m.subnets[0].Mode = machine.ModeOff }, seen: overheardOffer()},
		{name: "an offer of our own", seen: overheardOffer(toServer("10.80.12.1"))},
		{name: "a client", seen: frame.UDP(rogueAddress, rogueAddress, packetOf(dhcpv4.MessageTypeDiscover).ToBytes())},
		{name: "no DHCP", seen: frame.UDP(rogueAddress, rogueAddress, []byte("hello"))},
		{name: "no UDP", seen: []byte("hello")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(lab())
			if tt.lab != nil {
				tt.lab(m)
			}
			s := serverOver(t, m, func() time.Time { return epoch })
			s.homes, s.cfg.Peers = []origin{here}, tt.peers
			s.overheard(here, rogueMAC, tt.seen)
			s.overheard(here, rogueMAC, tt.seen)
			var heard, rows string
			for _, one := range s.OtherServers() {
				heard += one.String()
				if one.Count != 2 || one.Expected == (tt.row != "") || one.Subnet != "lab" || one.Client != testMAC {
					t.Errorf("heard = %+v", one)
				}
			}
			rows = strings.Join(m.texts(), "; ")
			if heard != tt.heard || rows != tt.row {
				t.Errorf("heard %q and told %q, want %q and %q", heard, rows, tt.heard, tt.row)
			}
		})
	}
}

// A client that takes the offer of another server names it, also where its
// offer went to the client alone.
func TestTheServerThatAClientChoosesIsHeard(t *testing.T) {
	m := newMemory(lab())
	now := epoch
	s := serverOver(t, m, func() time.Time { return now })
	s.homes = []origin{here}
	ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover)))
	ask(t, s, incoming(packetOf(dhcpv4.MessageTypeRequest, toServer("10.80.12.9"), wants("10.80.12.30"))))
	if got := s.OtherServers(); len(got) != 1 || got[0].String() != "10.80.12.9 gives 10.80.12.30" {
		t.Errorf("heard = %v", got)
	}
	s.overheard(here, rogueMAC, overheardOffer())
	if got := s.OtherServers(); len(got) != 1 || got[0].MAC != rogueMAC || got[0].Count != 2 {
		t.Errorf("heard = %v", got)
	}
	now = now.Add(time.Hour + time.Second)
	if got := s.OtherServers(); len(got) != 0 {
		t.Errorf("after an hour without a sign: %v", got)
	}
}

// H-11, with dnsmasq in the network: within five seconds it is named, and what
// it sent stands among the client's packets.
func TestDnsmasqIsHeard(t *testing.T) {
	t.Parallel()
	s, m, client := besideDnsmasq(t, func(*memory) {})
	began := time.Now()
	client.Run("udhcpc", "-i", "eth0", "-s", "/bin/true", "-q", "-n", "-f", "-B", "-t", "3", "-T", "2")
	heard := func() bool {
		return slices.ContainsFunc(m.texts(), func(row string) bool {
			return strings.HasPrefix(row, "another DHCP server answers on this network: 10.80.12.9 (52:54:00:12:34:99) gives 10.80.12.3")
		})
	}
	for !heard() && time.Since(began) < 10*time.Second {
		time.Sleep(20 * time.Millisecond)
	}
	all := s.OtherServers()
	if took := time.Since(began); len(all) != 1 || all[0].Address != rogueAddress.Addr() || all[0].MAC != rogueMAC || took > 5*time.Second || !heard() {
		t.Fatalf("after %v heard = %+v, rows = %q", took, all, m.texts())
	}
	sent := func(by netip.Addr) (n int) {
		for _, p := range s.Packets(testMAC) {
			if p.From.Addr() == by {
				n++
			}
		}
		return n
	}
	for sent(ourServer) == 0 && time.Since(began) < 10*time.Second {
		time.Sleep(20 * time.Millisecond) // ours waits for the probe of its address
	}
	ours, theirs := sent(ourServer), sent(rogueAddress.Addr())
	if ours == 0 || theirs == 0 {
		t.Errorf("among the client's packets are %d of ours and %d of dnsmasq's: %+v", ours, theirs, s.Packets(testMAC))
	}
}

// What dnsmasq sends by unicast passes by us, through a switch; the client's
// REQUEST, which goes to all, names it.
func TestAServerThatAnswersItsClientAloneIsHeard(t *testing.T) {
	t.Parallel()
	s, m, client := besideDnsmasq(t, func(*memory) {})
	began := time.Now()
	client.Run("udhcpc", "-i", "eth0", "-s", "/bin/true", "-q", "-n", "-f", "-t", "3", "-T", "2")
	told := func() bool {
		return slices.ContainsFunc(m.texts(), func(row string) bool {
			return strings.Contains(row, "another DHCP server") && strings.Contains(row, "10.80.12.9")
		})
	}
	for !told() && time.Since(began) < 10*time.Second {
		time.Sleep(20 * time.Millisecond)
	}
	all := s.OtherServers()
	if took := time.Since(began); len(all) != 1 || all[0].Address != rogueAddress.Addr() || !all[0].MAC.IsZero() || all[0].Client != testMAC || took > 5*time.Second || !told() {
		t.Errorf("after %v heard = %+v, rows = %q", took, all, m.texts())
	}
}
