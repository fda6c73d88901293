package dhcp

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// FuzzPacket puts a stranger's bytes through everything but the socket.
func FuzzPacket(f *testing.F) {
	for _, opts := range [][]opt{
		nil, pxeBIOS, pxeUEFI, pxeARM, http64, ipxe,
		{wants("10.80.12.150"), toServer("10.80.12.1")},
		{relayedBy("10.80.12.254"), option(82, 5, 4, 10, 80, 12, 0, 1, 0)},
		{ciaddr("10.80.12.100"), text(12, "a.b"), option(61, 255, 1, 2)},
		{option(61, make([]byte, 1500)...)},
		{relayedBy("224.0.0.1"), option(82, 5, 4, 10, 80, 12, 0)},
		{option(175, 177, 5, 1, 2), option(77, 0), option(97, 0), option(93, 0)},
	} {
		for _, kind := range []dhcpv4.MessageType{discover, request, release, decline, inform} {
			f.Add(packetOf(kind, opts...).ToBytes(), kind == request, false)
			f.Add(packetOf(kind, opts...).ToBytes(), kind == request, true)
		}
	}
	captures, err := filepath.Glob(filepath.Join("testdata", "*.bin"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range captures {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, false, false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, unicast, besides bool) {
		if len(raw) > maxPacket {
			return
		}
		m := newMemory(lab())
		bound(m)
		s := serverOver(t, m, atEpoch)
		w := &fakeWire{}
		d := incomingBytes(raw)
		d.unicast, d.wire = unicast, w
		if besides { // another DHCP server; what comes by unicast comes to port 4011
			proxied(m)
			if unicast {
				d.port, d.peer = bootPort, netip.MustParseAddrPort("10.80.12.100:68")
			}
		}
		s.handle(context.Background(), d)
		if s.metrics.dropped[dropPanic].Load() != 0 {
			t.Fatal("it panicked")
		}
		for i, b := range w.sent {
			if len(b) > maxReply {
				t.Errorf("a reply of %d bytes does not fit into a frame", len(b))
			}
			if to := w.routes[i].to.Addr(); !to.IsValid() || to.IsMulticast() || to.IsLoopback() {
				t.Errorf("a reply goes to %v", to)
			}
			checkReply(t, b)
			if r, err := dhcpv4.FromBytes(b); besides && err == nil && addrOf(r.YourIPAddr).IsValid() {
				t.Errorf("a proxied subnet gives %v", r.YourIPAddr)
			}
		}
		s.sweep(epoch.Add(quiet), m)
		for _, row := range m.rows {
			if !utf8.ValidString(row.Text) || strings.ContainsFunc(row.Text, func(r rune) bool { return r < ' ' }) {
				t.Errorf("row = %q", row.Text)
			}
		}
	})
}

// FuzzOverheard puts what a stranger's server sends, and what neighbours answer,
// through what reads it: memory stays bounded and words are plain.
func FuzzOverheard(f *testing.F) {
	f.Add(overheardOffer())
	f.Add(overheardOffer(text(67, "pxelinux.0"), option(54, 10, 80, 12, 7)))
	f.Add(arpProbe(testMAC[:], ourServer))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := newMemory(lab())
		s := serverOver(t, m, atEpoch)
		s.overheard(here, rogueMAC, raw)
		_, _, _ = arpAnswer(raw)
		for _, one := range s.OtherServers() {
			if !one.Address.IsValid() || strings.ContainsFunc(one.String(), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("heard = %+v", one)
			}
		}
		if n := len(m.texts()); n > 1 {
			t.Errorf("one packet made %d rows", n)
		}
	})
}

// checkReply holds for whatever was asked.
func checkReply(t *testing.T, b []byte) {
	t.Helper()
	r, err := dhcpv4.FromBytes(b)
	if err != nil {
		t.Fatalf("the reply does not decode: %v", err)
	}
	kind, yours := r.MessageType(), addrOf(r.YourIPAddr)
	switch {
	case kind != offered && kind != acked && kind != refused:
		t.Errorf("a reply is a %v", kind)
	case yours.IsValid() && !lab().Prefix.Contains(yours):
		t.Errorf("%v of %v is not ours to give", kind, yours)
	case addrOf(r.ServerIdentifier()) != ourServer:
		t.Errorf("server identifier = %v", r.ServerIdentifier())
	case kind == refused && yours.IsValid():
		t.Errorf("a NAK with the address %v", yours)
	}
}
