package dhcp

import (
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
)

func TestPacketsOfAnExchange(t *testing.T) {
	m := newMemory(lab())
	now := epoch
	s := serverOver(t, m, func() time.Time { now = now.Add(time.Millisecond); return now })
	offer, _ := ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover, pxeUEFI...)))
	address := offer.YourIPAddr.String()
	ask(t, s, incoming(packetOf(dhcpv4.MessageTypeRequest, join(pxeUEFI, []opt{toServer("10.80.12.1"), wants(address)})...)))
	broken := incoming(packetOf(dhcpv4.MessageTypeDiscover))
	broken.size, broken.arrived = 200, now
	s.handle(t.Context(), broken)
	stranger := machine.MAC{2, 0, 0, 0, 0, 1}
	ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover, fromMAC(stranger))))

	var lines []string
	for _, p := range s.Packets(testMAC) {
		lines = append(lines, p.From.String()+" > "+p.To.String()+" "+p.Text)
	}
	want := []string{
		"0.0.0.0:68 > 255.255.255.255:67 DISCOVER, class PXEClient:Arch:00007:UNDI:003016",
		"10.80.12.1:67 > 10.80.12.100:68 OFFER, gives 10.80.12.100, server 10.80.12.1, class PXEClient, boots snponly.efi",
		"0.0.0.0:68 > 255.255.255.255:67 REQUEST, asks for 10.80.12.100, server 10.80.12.1, class PXEClient:Arch:00007:UNDI:003016",
		"10.80.12.1:67 > 10.80.12.100:68 ACK, gives 10.80.12.100, server 10.80.12.1, class PXEClient, boots snponly.efi",
		"0.0.0.0:68 > 255.255.255.255:67 200 bytes that are not DHCP",
	}
	got := strings.ReplaceAll(strings.Join(lines, "\n"), address, "10.80.12.100")
	if got != strings.Join(want, "\n") {
		t.Errorf("packets:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	if got := len(s.Packets(testMAC, stranger)); got != len(want)+2 {
		t.Errorf("of both clients there are %d packets, want %d", got, len(want)+2)
	}
}

// A client may answer before the one who sends has come back to tell that the
// packet left.
func TestPacketsStandInTheirOrder(t *testing.T) {
	now := epoch
	s := serverOver(t, newMemory(lab()), func() time.Time { now = now.Add(time.Millisecond); return now })
	w := &quickWire{t: t, s: s}
	d := incoming(packetOf(dhcpv4.MessageTypeDiscover))
	d.wire, d.arrived = w, s.cfg.Now()
	s.handle(t.Context(), d)

	var kinds []string
	for _, p := range s.Packets(testMAC) {
		kind, _, _ := strings.Cut(p.Text, ",")
		kinds = append(kinds, kind)
	}
	if got := strings.Join(kinds, " "); got != "DISCOVER OFFER REQUEST ACK" {
		t.Errorf("packets = %s, want DISCOVER OFFER REQUEST ACK", got)
	}
}

// quickWire has the client's answer to an OFFER handled before it tells that the
// OFFER left.
type quickWire struct {
	t *testing.T
	s *Server
}

func (w *quickWire) send(l *letter) {
	if l.verdict.reply.kind == dhcpv4.MessageTypeOffer {
		d := incoming(packetOf(dhcpv4.MessageTypeRequest, toServer("10.80.12.1"), wants(l.verdict.reply.yours.String())))
		d.wire, d.arrived = w, w.s.cfg.Now()
		w.s.handle(w.t.Context(), d)
	}
	l.gone(l, nil)
}
