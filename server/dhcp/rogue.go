package dhcp

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"firstlight/server/exchange"
	"firstlight/server/frame"
	"firstlight/server/machine"
)

// replies lets what DHCP servers send to clients through, and nothing else: UDP
// that is no fragment, from port 67 to port 68.
var replies = []bpf.Instruction{
	bpf.LoadAbsolute{Off: 9, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_UDP, SkipTrue: 8},
	bpf.LoadAbsolute{Off: 6, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x1fff, SkipTrue: 6},
	bpf.LoadMemShift{Off: 0},
	bpf.LoadIndirect{Off: 0, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: serverPort, SkipTrue: 3},
	bpf.LoadIndirect{Off: 2, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: clientPort, SkipTrue: 1},
	bpf.RetConstant{Val: maxPacket},
	bpf.RetConstant{Val: 0},
}

// listenReplies opens a socket that hears other servers. What this host sends
// does not come back to it.
func listenReplies(dev *net.Interface) (*packet.Conn, error) {
	filter, err := bpf.Assemble(replies)
	if err != nil {
		return nil, err
	}
	return packet.Listen(dev, packet.Datagram, unix.ETH_P_IP, &packet.Config{Filter: filter})
}

// OtherServers gives the DHCP servers that were heard within the last hour on
// our networks, by network and address.
func (s *Server) OtherServers() []machine.DHCPServer { return s.others.All(s.cfg.Now()) }

// overhear reads what other servers send until ctx ends.
func (s *Server) overhear(ctx context.Context, l *link) {
	b := make([]byte, maxPacket)
	for {
		n, from, err := l.heard.ReadFrom(b)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause(ctx, 100*time.Millisecond) // a flap of the interface; reading tells of it, too
		default:
			if a, ok := from.(*packet.Addr); ok {
				s.overheard(l.origin, machine.MACFrom(a.HardwareAddr), b[:n])
			}
		}
	}
}

// overheard looks at a reply that somebody sent on one of our networks.
func (s *Server) overheard(on origin, by machine.MAC, b []byte) {
	from, to, payload, ok := frame.ParseUDP(b)
	if !ok {
		return
	}
	p, err := dhcpv4.FromBytes(payload)
	if err != nil || p.OpCode != dhcpv4.OpcodeBootReply || p.HWType != iana.HWTypeEthernet || len(p.ClientHWAddr) != 6 {
		return
	}
	seen := machine.DHCPServer{
		Address: addrOf(p.ServerIdentifier()), MAC: by, Interface: on.name, Last: s.cfg.Now(),
		Client: machine.MACFrom(p.ClientHWAddr), Offered: addrOf(p.YourIPAddr), File: exchange.Printable(p.BootFileNameOption()),
	}
	if !seen.Address.IsValid() {
		seen.Address = from.Addr() // BOOTP has no server identifier
	}
	s.tape.Add(false, seen.Last, seen.Client, from, to, payload)
	if s.sawServer(on.server, &seen) {
		s.tellOf(&seen)
	}
}

// sawServer takes a sign of a server on a network that we serve; tell is for one
// that should not be there. Beside our proxy another server is what we want.
func (s *Server) sawServer(network netip.Addr, seen *machine.DHCPServer) (tell bool) {
	subnet, ok := s.cfg.Inventory.SubnetFor(network)
	if !ok || subnet.Mode == machine.ModeOff || s.ours(seen.Address) {
		return false
	}
	seen.Subnet = subnet.Name
	seen.Expected = subnet.Mode == machine.ModeProxy || slices.Contains(s.cfg.Peers, seen.Address)
	return s.others.Note(*seen) && !seen.Expected
}

func (s *Server) tellOf(seen *machine.DHCPServer) {
	s.complain("another DHCP server answers on our network", "interface", seen.Interface, "subnet", seen.Subnet,
		"server", seen.Address.String(), "mac", seen.MAC.String(), "client", seen.Client.String())
	s.cfg.Journal.Note(exchange.OtherAnswers("DHCP", seen))
}

// ours tells whether an address is that of one of our interfaces.
func (s *Server) ours(a netip.Addr) bool {
	return slices.ContainsFunc(s.homes, func(o origin) bool { return o.server == a })
}

// chosen notes the server that a client's REQUEST names: the offer of the other
// one may have gone to the client alone. News is what the client's timeline has
// not yet.
func (s *Server) chosen(q *query) (seen *machine.DHCPServer, news bool) {
	seen = &machine.DHCPServer{Address: q.server, Interface: q.from.name, Last: q.at, Client: q.boot.MAC, Offered: q.wants}
	return seen, s.sawServer(q.network(), seen)
}
