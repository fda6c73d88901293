package dhcp6

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/frame"
	"firstlight/server/machine"
	"firstlight/server/virtualrack/netns/netnstest"
)

var (
	rogueMAC     = machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x99}
	rogueDUID    = &dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr(rogueMAC[:])}
	rogueAddress = netip.MustParseAddrPort("[fe80::5054:ff:fe12:3499]:547")
)

// overheardAnswer is an answer of another server to a client as it passes by.
func overheardAnswer(kind dhcpv6.MessageType, to netip.Addr, opts ...dhcpv6.Option) []byte {
	m := message(kind, append([]dhcpv6.Option{dhcpv6.OptServerID(rogueDUID)}, opts...)...)
	return frame.UDP(rogueAddress, netip.AddrPortFrom(to, clientPort), m.ToBytes())
}

func TestOtherServers(t *testing.T) {
	const gives, told = "fe80::5054:ff:fe12:3499 (52:54:00:12:34:99) gives 2001:db8:12::30", "another DHCPv6 server answers on this network: "
	answer, withFile := ia("2001:db8:12::30"), dhcpv6.OptBootFileURL("tftp://[2001:db8:12::9]/x.efi")
	for _, tt := range []struct {
		name  string
		lab   func(*memory)
		peers []netip.Addr
		seen  []byte
		heard string
		row   string
	}{
		{name: "an Advertise", seen: overheardAnswer(advertise, linkLocal, answer), heard: gives, row: told + gives},
		{
			name: "a Reply with a boot file", seen: overheardAnswer(reply, linkLocal, answer, withFile),
			heard: gives + " and has machines boot tftp://[2001:db8:12::9]/x.efi", row: told + gives + " and has machines boot tftp://[2001:db8:12::9]/x.efi",
		},
		{name: "an answer to our own question", seen: overheardAnswer(advertise, here.local, dhcpv6.OptClientID(&dhcpv6.DUIDUUID{UUID: testID}), answer), heard: gives, row: told + gives},
		{name: "a peer may be", peers: []netip.Addr{rogueAddress.Addr()}, seen: overheardAnswer(advertise, linkLocal, answer), heard: gives},
		{name: "who has no address for anybody", seen: overheardAnswer(advertise, linkLocal, ia())},
		{name: "where we do not serve it is not our matter", lab: func(m *memory) { m.subnets[0].Mode = machine.ModeOff }, seen: overheardAnswer(advertise, linkLocal, answer)},
		{name: "an answer of our own", seen: frame.UDP(rogueAddress, rogueAddress, message(advertise, toServer(), answer).ToBytes())},
		{name: "a client", seen: frame.UDP(rogueAddress, rogueAddress, message(solicit, answer).ToBytes())},
		{name: "a relay", seen: frame.UDP(rogueAddress, rogueAddress, (&dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayReply}).ToBytes())},
		{name: "no DHCPv6", seen: frame.UDP(rogueAddress, rogueAddress, []byte("hello"))},
		{name: "no UDP", seen: []byte("hello")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(lab())
			if tt.lab != nil {
				tt.lab(m)
			}
			s := serverOver(m, func() time.Time { return epoch })
			s.cfg.Peers = tt.peers
			s.overheard(here, testMAC, rogueMAC, tt.seen)
			s.overheard(here, testMAC, rogueMAC, tt.seen)
			var heard string
			for _, one := range s.OtherServers() {
				heard += one.String()
				if one.Count != 2 || one.Expected == (tt.row != "") || one.Subnet != "lab6" || one.Client != testMAC {
					t.Errorf("heard = %+v", one)
				}
			}
			if rows := strings.Join(m.texts(), "; "); heard != tt.heard || rows != tt.row {
				t.Errorf("heard %q and told %q, want %q and %q", heard, rows, tt.heard, tt.row)
			}
		})
	}
}

// A client that takes the offer of another server names it to all.
func TestTheServerThatAClientChoosesIsHeard(t *testing.T) {
	s, m := labWith(t)
	ask(t, s, incoming(message(solicit, ia())))
	ask(t, s, incoming(message(request, dhcpv6.OptServerID(rogueDUID), ia("2001:db8:12::30"))))
	const told = "another DHCPv6 server answers on this network: fe80::5054:ff:fe12:3499 (52:54:00:12:34:99) gives 2001:db8:12::30"
	if rows := m.texts(); len(rows) != 2 || rows[0] != told || !strings.HasPrefix(rows[1], "DHCPv6 client took the offer of another DHCPv6 server") {
		t.Errorf("rows = %q", rows)
	}
}

// With dnsmasq in the network, which answers its client alone: within five
// seconds it is named, though the client goes on with us.
func TestDnsmasqIsHeard(t *testing.T) {
	t.Parallel()
	netnstest.Need(t, "dnsmasq", "dhclient", "ip")
	ours, theirs, client := netnstest.New(t), netnstest.New(t), netnstest.New(t)
	for _, h := range []*netnstest.Host{ours, theirs, client} {
		h.QuickIPv6()
	}
	ours.Cable("to-client", client, "eth0", testMAC.String())
	ours.Cable("to-dnsmasq", theirs, "eth0", rogueMAC.String())
	ours.Bridge("br0", "to-client", "to-dnsmasq")
	ours.Address("br0", "2001:db8:12::1/64")
	theirs.Address("eth0", "2001:db8:12::9/64")
	ours.AwaitLinkLocal("br0")
	theirs.AwaitLinkLocal("eth0")
	client.AwaitLinkLocal("eth0")
	dnsmasq := theirs.Start("dnsmasq", "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--port=0", "--pid-file=",
		"--dhcp-leasefile="+t.TempDir()+"/leases", "--dhcp-range=2001:db8:12::30,2001:db8:12::39,64,1h", "--user=root")
	dnsmasq.Await("DHCPv6, IP range")
	m := newMemory(lab())
	s := serveOn(t, ours, m)
	began := time.Now()
	client.Start("dhclient", append(dhclientArgs(t), "-d", "eth0")...)
	heard := func() bool {
		return slices.ContainsFunc(m.texts(), func(row string) bool {
			return strings.HasPrefix(row, "another DHCPv6 server answers on this network: fe80::5054:ff:fe12:3499 (52:54:00:12:34:99) gives 2001:db8:12::3")
		})
	}
	for !heard() && time.Since(began) < 10*time.Second {
		time.Sleep(20 * time.Millisecond)
	}
	all := s.OtherServers()
	if took := time.Since(began); len(all) != 1 || all[0].Address != rogueAddress.Addr() || all[0].MAC != rogueMAC || all[0].Client != testMAC || took > 5*time.Second || !heard() {
		t.Fatalf("after %v heard = %+v, rows = %q", took, all, m.texts())
	}
}
