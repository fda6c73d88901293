package dhcp6

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
)

// A client may answer before sending has come back to tell that the packet left.
func TestPacketsStandInTheirOrder(t *testing.T) {
	now := epoch
	s := serverOver(newMemory(lab()), func() time.Time { now = now.Add(time.Millisecond); return now })
	w := &quickWire{t: t, s: s}
	w.hands(message(solicit, ia()))

	var kinds []string
	for _, p := range s.Packets(testMAC) {
		kind, _, _ := strings.Cut(p.Text, ",")
		kinds = append(kinds, kind)
	}
	if got := strings.Join(kinds, " "); got != "SOLICIT ADVERTISE REQUEST REPLY" {
		t.Errorf("packets = %s, want SOLICIT ADVERTISE REQUEST REPLY", got)
	}
}

// quickWire has the client's answer to an ADVERTISE handled before it tells that
// the ADVERTISE left.
type quickWire struct {
	t *testing.T
	s *Server
}

func (w *quickWire) hands(m *dhcpv6.Message) {
	d := incoming(m)
	d.wire, d.arrived = w, w.s.cfg.Now()
	w.s.handle(w.t.Context(), d)
}

func (w *quickWire) send(_ netip.AddrPort, payload []byte) error {
	m, err := dhcpv6.MessageFromBytes(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	if a, _, _ := given(m); m.MessageType == advertise {
		w.hands(message(request, toServer(), ia(a.String())))
	}
	return nil
}
