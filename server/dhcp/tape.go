package dhcp

import (
	"fmt"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/exchange"
	"firstlight/server/frame"
	"firstlight/server/machine"
)

// How many packets are kept: of machines that ServerDb knows, and of others, of
// which a flood can bring any number. At some 350 bytes each that is 13 MB.
const (
	tapeKnown     = 32768
	tapeStrangers = 4096
)

// Packets gives the DHCP packets of some clients, to us and from us, and those
// of other servers that were heard, the oldest first: as many as are remembered.
func (s *Server) Packets(clients ...machine.MAC) []frame.Packet { return s.tape.Of(clients...) }

// tapeMalformed keeps what could not be read, too, for whoever its header says
// that it is from: a client that is not understood is one that does not boot.
func (s *Server) tapeMalformed(d *datagram) {
	if d.size >= atCHAddr+6 && d.peer.Addr().Is4() {
		s.tape.Add(false, d.arrived, machine.MAC(d.buffer[atCHAddr:atCHAddr+6]), d.peer, d.to(), d.buffer[:d.size])
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
	about("class", exchange.Printable(p.ClassIdentifier()))
	if p.OpCode == dhcpv4.OpcodeBootRequest && p.NumSeconds > 0 {
		about("asking for", fmt.Sprintf("%d s", p.NumSeconds))
	}
	about("boots", exchange.Printable(p.BootFileNameOption()))
	about("says", exchange.Printable(p.Message()))
	return text
}
