package dhcp

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

// How many packets are kept: of machines that ServerDb knows, and of others, of
// which a flood can bring any number. At some 350 bytes each that is 13 MB.
const (
	tapeKnown     = 32768
	tapeStrangers = 4096
)

// tape keeps the last packets as they were on the wire, the newest over the
// oldest.
type tape struct {
	mu   sync.Mutex
	kept []taped
	next int // where the next one goes, once all places are taken
	size int
}

type taped struct {
	at       time.Time
	mac      machine.MAC
	from, to netip.AddrPort
	payload  []byte
}

func newTape(size int) *tape { return &tape{size: size} }

// add copies a packet.
func (t *tape) add(at time.Time, mac machine.MAC, from, to netip.AddrPort, payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.kept) < t.size {
		t.kept = append(t.kept, taped{at, mac, from, to, bytes.Clone(payload)})
		return
	}
	p := &t.kept[t.next]
	*p = taped{at, mac, from, to, append(p.payload[:0], payload...)}
	t.next = (t.next + 1) % t.size
}

// of gives the packets of a client.
func (t *tape) of(mac machine.MAC) (all []frame.Packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.kept {
		if p.mac == mac {
			all = append(all, frame.Packet{At: p.at, From: p.from, To: p.to, Payload: bytes.Clone(p.payload)})
		}
	}
	return all
}

// Packets gives the DHCP packets of some clients, to us and from us, and those
// of other servers that were heard, the oldest first: as many as are remembered.
func (s *Server) Packets(clients ...machine.MAC) (all []frame.Packet) {
	for _, mac := range clients {
		all = append(append(all, s.known.of(mac)...), s.strangers.of(mac)...)
	}
	slices.SortStableFunc(all, func(a, b frame.Packet) int { return a.At.Compare(b.At) })
	for i := range all {
		all[i].Text = summary(all[i].Payload)
	}
	return all
}

// tapeOf is where packets of a client go.
func (s *Server) tapeOf(known bool) *tape {
	if known {
		return s.known
	}
	return s.strangers
}

// tapeMalformed keeps what could not be read, too, for whoever its header says
// that it is from: a client that is not understood is one that does not boot.
func (s *Server) tapeMalformed(d *datagram) {
	if d.size >= atCHAddr+6 && d.peer.Addr().Is4() {
		s.strangers.add(d.arrived, machine.MAC(d.buffer[atCHAddr:atCHAddr+6]), d.peer, d.to(), d.buffer[:d.size])
	}
}

// summary words a packet in one line.
func summary(payload []byte) string {
	p, err := dhcpv4.FromBytes(payload)
	if err != nil {
		return fmt.Sprintf("%d bytes that are not DHCP", len(payload))
	}
	text := p.MessageType().String()
	about := func(name, value string) {
		if value != "" {
			text += ", " + name + " " + value
		}
	}
	address := func(name string, a netip.Addr) {
		if a.IsValid() {
			about(name, a.String())
		}
	}
	address("gives", addrOf(p.YourIPAddr))
	address("asks for", addrOf(p.RequestedIPAddress()))
	address("has", addrOf(p.ClientIPAddr))
	address("server", addrOf(p.ServerIdentifier()))
	address("relay", addrOf(p.GatewayIPAddr))
	about("class", printable(p.ClassIdentifier()))
	if p.OpCode == dhcpv4.OpcodeBootRequest && p.NumSeconds > 0 {
		about("asking for", fmt.Sprintf("%d s", p.NumSeconds))
	}
	about("boots", printable(p.BootFileNameOption()))
	about("says", printable(p.Message()))
	return text
}
