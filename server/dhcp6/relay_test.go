package dhcp6

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/machine"
)

// relayed puts a relay around a packet.
func relayed(p dhcpv6.DHCPv6, hops uint8, link, peer string, opts ...dhcpv6.Option) *dhcpv6.RelayMessage {
	r := &dhcpv6.RelayMessage{
		MessageType: dhcpv6.MessageTypeRelayForward, HopCount: hops, LinkAddr: ip(link).AsSlice(), PeerAddr: ip(peer).AsSlice(),
	}
	for _, o := range opts {
		r.AddOption(o)
	}
	r.AddOption(dhcpv6.OptRelayMessage(p))
	return r
}

// What the relay nearest to the client calls its interface is told with the
// address, and with nothing before it.
func TestWhereARelaySaysThatAClientIs(t *testing.T) {
	near := func(link string, p dhcpv6.DHCPv6) *dhcpv6.RelayMessage {
		return relayed(p, 0, link, "fe80::1", dhcpv6.OptInterfaceID([]byte("Ethernet31")), &dhcpv6.OptRemoteID{EnterpriseNumber: 9, RemoteID: []byte("sw3")})
	}
	id := "\x00\x00\x00\x09sw3"
	for _, tt := range []struct {
		name   string
		packet dhcpv6.DHCPv6
		want   []machine.Relayed
	}{
		{"not with an offer", near("2001:db8:12::1", message(solicit, ia())), nil},
		{"with the address", near("2001:db8:12::1", message(request, toServer(), ia())), []machine.Relayed{{Relay: ip("2001:db8:12::1"), Circuit: []byte("Ethernet31"), Remote: []byte(id)}}},
		{
			"by a relay without an address, behind one that has it", relayed(near("::", message(request, toServer(), ia())), 1, "2001:db8:12::1", "fe80::2", dhcpv6.OptInterfaceID([]byte("vlan44"))),
			[]machine.Relayed{{Relay: ip("2001:db8:12::1"), Circuit: []byte("Ethernet31"), Remote: []byte(id)}},
		},
		{"by no relay", message(request, toServer(), ia()), []machine.Relayed{{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, m := labWith(t)
			d := incoming(tt.packet)
			if _, ok := tt.packet.(*dhcpv6.RelayMessage); ok {
				d.peer, d.to = netip.MustParseAddrPort("[2001:db8:12::5]:547"), ourServer
			}
			d.wire = &fakeWire{}
			s.handle(t.Context(), d)
			for i := range m.relayed {
				m.relayed[i].MAC, m.relayed[i].At = machine.MAC{}, time.Time{}
			}
			if diff := cmp.Diff(tt.want, m.relayed, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTwoRelaysGetTheirPartsBack(t *testing.T) {
	far := lab()
	far.Name, far.Prefix, far.Ranges = "far", netip.MustParsePrefix("2001:db8:44::/64"), nil
	s, m := labWith(t, func(m *memory) { m.subnets = append(m.subnets, far) })
	far.Ranges = append(far.Ranges, lab().Ranges[0])
	far.Ranges[0].First, far.Ranges[0].Last = ip("2001:db8:44::100"), ip("2001:db8:44::1ff")

	// The first is a lightweight one, without an address (RFC 6221): the link is
	// the second's to say.
	mac := net.HardwareAddr{0x52, 0x54, 0, 0, 0, 0x77}
	first := relayed(message(request, toServer(), ia()), 0, "::", "fe80::1",
		dhcpv6.OptInterfaceID([]byte("port7")), dhcpv6.OptClientLinkLayerAddress(iana.HWTypeEthernet, mac))
	remote := &dhcpv6.OptRemoteID{EnterpriseNumber: 9, RemoteID: []byte("rack4")}
	second := relayed(first, 1, "2001:db8:44::1", "fe80::2", dhcpv6.OptInterfaceID([]byte("vlan44")), remote,
		&dhcpv6.OptionGeneric{OptionCode: optionERO, OptionData: []byte{0, 37}})
	d := incoming(second)
	d.peer, d.to = netip.MustParseAddrPort("[2001:db8:12::5]:547"), ourServer
	w := &fakeWire{}
	d.wire = w
	s.handle(t.Context(), d)
	if len(w.sent) != 1 || w.to[0] != d.peer {
		t.Fatalf("sent %d to %v, want one to the relay", len(w.sent), w.to)
	}
	p, err := dhcpv6.FromBytes(w.sent[0])
	if err != nil {
		t.Fatal(err)
	}
	outer := p.(*dhcpv6.RelayMessage)
	inner := outer.Options.RelayMessage().(*dhcpv6.RelayMessage)
	for _, tt := range []struct {
		got, want *dhcpv6.RelayMessage
		id        string
	}{{outer, second, "vlan44"}, {inner, first, "port7"}} {
		if tt.got.MessageType != dhcpv6.MessageTypeRelayReply || tt.got.HopCount != tt.want.HopCount || !tt.got.LinkAddr.Equal(tt.want.LinkAddr) ||
			!tt.got.PeerAddr.Equal(tt.want.PeerAddr) || string(tt.got.Options.InterfaceID()) != tt.id {
			t.Errorf("relay's part = %v, want that of %v", tt.got, tt.want)
		}
	}
	if outer.Options.RemoteID() == nil || inner.Options.RemoteID() != nil {
		t.Error("the remote id goes to whoever asked for it, and to nobody else")
	}
	a, _, _ := given(inner.Options.RelayMessage().(*dhcpv6.Message))
	if !far.Ranges[0].Contains(a) || m.leases[a].MAC.String() != "52:54:00:00:00:77" {
		t.Errorf("address = %v, lease %+v, want one of the far network for the MAC that the relay read", a, m.leases[a])
	}
}

func TestARelayThatListensOnAPortOfItsOwn(t *testing.T) {
	s, _ := labWith(t)
	d := incoming(relayed(message(solicit, ia()), 0, "2001:db8:12::9", linkLocal.String(), dhcpv6.OptRelayPort(547)))
	d.peer = netip.MustParseAddrPort("[2001:db8:12::9]:20547")
	w := &fakeWire{}
	d.wire = w
	s.handle(t.Context(), d)
	if len(w.to) != 1 || w.to[0] != d.peer {
		t.Errorf("sent to %v, want the port that it wrote from", w.to)
	}
}

func TestNoMoreThanEightRelays(t *testing.T) {
	s, _ := labWith(t)
	var p dhcpv6.DHCPv6 = message(solicit, ia())
	for hops := range uint8(9) {
		p = relayed(p, hops, "2001:db8:12::9", "fe80::9")
		r := ask(t, s, incoming(p))
		if served := hops < maxRelays; served != (r != nil) {
			t.Errorf("through %d relays: %v", hops+1, r)
		}
	}
	// One that lies about how many there were.
	p.(*dhcpv6.RelayMessage).HopCount = 0
	if r := ask(t, s, incoming(p)); r != nil {
		t.Errorf("through nine relays that count none: %v, want silence", r)
	}
	for _, broken := range []dhcpv6.DHCPv6{
		&dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayForward},
		&dhcpv6.RelayMessage{MessageType: dhcpv6.MessageTypeRelayReply, Options: p.(*dhcpv6.RelayMessage).Options},
	} {
		if r := ask(t, s, incoming(broken)); r != nil {
			t.Errorf("%v got %v, want silence", broken, r)
		}
	}
}
