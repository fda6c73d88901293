package dhcp6

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/exchange"
)

// FuzzPacket puts a stranger's bytes through everything but the socket.
func FuzzPacket(f *testing.F) {
	for _, opts := range [][]dhcpv6.Option{
		nil, pxeUEFI, http64, ipxe64,
		{ia("2001:db8:12::150")},
		{ia("2001:db8:99::7"), toServer()},
		{ia(), ia()},
		{toServer(), &dhcpv6.OptIAPD{}, &dhcpv6.OptIATA{}},
		{&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionRapidCommit}, ia()},
		{&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionFQDN, OptionData: []byte{1, 3, 'a', '-', 'b'}}, ia()},
		{&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionVendorClass, OptionData: []byte{0, 0, 1, 87, 0, 1, 7}}, ia()},
	} {
		for _, kind := range []dhcpv6.MessageType{solicit, request, confirm, renew, rebind, release, decline, inform} {
			m := message(kind, opts...)
			f.Add(m.ToBytes(), false)
			f.Add(relayed(m, 0, "2001:db8:12::9", linkLocal.String(), dhcpv6.OptInterfaceID([]byte("p")), dhcpv6.OptRelayPort(547)).ToBytes(), true)
			f.Add(relayed(relayed(m, 0, "::", "fe80::1"), 1, "2001:db8:12::9", "fe80::2", &dhcpv6.OptionGeneric{OptionCode: optionERO, OptionData: []byte{0, 79, 0}}).ToBytes(), true)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, unicast bool) {
		if len(raw) > maxPacket {
			return
		}
		s, m := labWith(t)
		w := &fakeWire{}
		d := &datagram{
			payload: raw, wire: w, from: here, arrived: epoch, to: allServers[0],
			peer: netip.AddrPortFrom(linkLocal.WithZone("br0"), clientPort),
		}
		if unicast {
			d.to, d.peer = ourServer, netip.MustParseAddrPort("[2001:db8:12::9]:547")
		}
		s.handle(context.Background(), d)
		if s.metrics.dropped[dropPanic].Load() != 0 {
			t.Fatal("it panicked")
		}
		for _, b := range w.sent {
			checkReply(t, b)
		}
		for _, row := range append(m.rows, s.exchanges.Sweep(epoch.Add(exchange.Quiet))...) {
			if !utf8.ValidString(row.Text) || strings.ContainsFunc(row.Text, func(r rune) bool { return r < ' ' }) {
				t.Errorf("row = %q", row.Text)
			}
		}
		if text := summary(raw); !utf8.ValidString(text) {
			t.Errorf("summary = %q", text)
		}
	})
}

// checkReply holds for whatever was asked.
func checkReply(t *testing.T, b []byte) {
	t.Helper()
	p, err := dhcpv6.FromBytes(b)
	if err != nil {
		t.Fatalf("the reply does not decode: %v", err)
	}
	m, err := p.GetInnerMessage()
	if err != nil {
		t.Fatal(err)
	}
	if m.MessageType != advertise && m.MessageType != reply {
		t.Errorf("a reply is a %v", m.MessageType)
	}
	if id := m.Options.ServerID(); id == nil || !id.Equal(&dhcpv6.DUIDUUID{UUID: testID}) {
		t.Errorf("server identifier = %v", id)
	}
	if len(m.Options.Get(dhcpv6.OptionIANA)) == 0 {
		return
	}
	a, o, _ := given(m)
	switch {
	case a.IsValid() && !lab().Ranges[0].Contains(a):
		t.Errorf("%v is not ours to give", a)
	case a.IsValid() && (o.PreferredLifetime > o.ValidLifetime || o.ValidLifetime > lab().Lease):
		t.Errorf("lifetimes %v and %v of a lease of %v", o.PreferredLifetime, o.ValidLifetime, lab().Lease)
	}
}
