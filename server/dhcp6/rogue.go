package dhcp6

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"firstlight/server/exchange"
	"firstlight/server/frame"
	"firstlight/server/machine"
)

// Servers of DHCPv6 answer their clients alone, so that a switch keeps others'
// answers from us. What is heard of them: the answers to a Solicit of our own,
// which we send beside a client's; answers that come past all the same; and the
// server that a client names to all.

// replies lets what DHCPv6 servers send to clients through, and nothing else: UDP
// from port 547 to port 546, behind no extension header.
var replies = []bpf.Instruction{
	bpf.LoadAbsolute{Off: 6, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_UDP, SkipTrue: 5},
	bpf.LoadAbsolute{Off: 40, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: serverPort, SkipTrue: 3},
	bpf.LoadAbsolute{Off: 42, Size: 2},
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
	return packet.Listen(dev, packet.Datagram, unix.ETH_P_IPV6, &packet.Config{Filter: filter})
}

// askAgain is how long the answers to one Solicit of ours stand for those that
// clients hear meanwhile. Another server is known within it.
const askAgain = 3 * time.Second

// question is the Solicit that is out on a link, and for whose sake.
type question struct {
	mu     sync.Mutex
	at     time.Time
	client machine.MAC
}

// due tells whether it is time to ask again, for a client's sake.
func (o *question) due(at time.Time, client machine.MAC) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.at.IsZero() && at.Sub(o.at) < askAgain {
		return false
	}
	o.at, o.client = at, client
	return true
}

func (o *question) askedFor() machine.MAC {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.client
}

// askOthers sends a Solicit of our own beside a client's, to hear who else answers
// it. Servers keep nothing for who does not go on to a Request.
func (s *Server) askOthers(l *link, q *query) {
	if q.msg.MessageType != dhcpv6.MessageTypeSolicit || len(q.relays) > 0 || !l.question.due(q.at, q.boot.MAC) {
		return
	}
	m := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeSolicit, TransactionID: q.msg.TransactionID}
	for _, o := range []dhcpv6.Option{
		dhcpv6.OptClientID(s.duid), &dhcpv6.OptIANA{}, dhcpv6.OptElapsedTime(0), dhcpv6.OptRequestedOption(dhcpv6.OptionBootfileURL),
	} {
		m.AddOption(o)
	}
	if err := l.send(netip.AddrPortFrom(allServers[0].WithZone(l.name), serverPort), m.ToBytes()); err != nil {
		s.complain("asking for other DHCPv6 servers failed", "interface", l.name, "error", err)
	}
}

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
				s.overheard(l.origin, l.question.askedFor(), machine.MACFrom(a.HardwareAddr), b[:n])
			}
		}
	}
}

// overheard looks at an answer that somebody sent on one of our networks: to a
// client, or to us, who asked for the client's sake.
func (s *Server) overheard(on origin, askedFor, by machine.MAC, b []byte) {
	from, to, payload, ok := frame.ParseUDP(b)
	if !ok {
		return
	}
	p, err := dhcpv6.FromBytes(payload)
	if err != nil {
		return
	}
	m, ok := p.(*dhcpv6.Message)
	if !ok || m.MessageType != dhcpv6.MessageTypeAdvertise && m.MessageType != dhcpv6.MessageTypeReply || s.isUs(m.Options.ServerID()) {
		return
	}
	seen := machine.DHCPServer{
		Address: from.Addr(), MAC: by, Interface: on.name, Last: s.cfg.Now(), Client: askedFor, File: exchange.Printable(m.Options.BootFileURL()),
	}
	if client, made := eui64(to.Addr()); made && !s.isUs(m.Options.ClientID()) {
		seen.Client = client
		s.tape.Add(false, seen.Last, client, from, to, payload)
	}
	if ia := m.Options.OneIANA(); ia != nil {
		if seen.Offered = wants(ia); !seen.Offered.IsValid() && m.MessageType == dhcpv6.MessageTypeAdvertise {
			return // it has no address for anybody, which hurts nobody
		}
	}
	if s.sawServer(on.server, &seen) && !seen.Client.IsZero() {
		s.tellOf(&seen)
	}
}

func (s *Server) isUs(id dhcpv6.DUID) bool { return id != nil && id.Equal(s.duid) }

// sawServer takes a sign of a server on a network that we serve; tell is for one
// that should not be there.
func (s *Server) sawServer(network netip.Addr, seen *machine.DHCPServer) (tell bool) {
	subnet, ok := s.cfg.Inventory.SubnetFor(network)
	if !ok || subnet.Mode == machine.ModeOff {
		return false
	}
	seen.Subnet, seen.Expected = subnet.Name, slices.Contains(s.cfg.Peers, seen.Address)
	return s.others.Note(*seen) && !seen.Expected
}

func (s *Server) tellOf(seen *machine.DHCPServer) {
	s.complain("another DHCPv6 server answers on our network", "interface", seen.Interface, "subnet", seen.Subnet,
		"server", seen.Address.String(), "mac", seen.MAC.String(), "client", seen.Client.String())
	s.cfg.Journal.Note(exchange.OtherAnswers("DHCPv6", seen))
}

// chosen notes the server that a client names to all, where its identifier tells
// its MAC: of the others only an answer tells the address. It gives what there is
// to call it by.
func (s *Server) chosen(q *query) (name string) {
	mac, ok := macOf(q.msg.Options.ServerID())
	if !ok {
		return exchange.Printable(q.msg.Options.ServerID().String())
	}
	seen := machine.DHCPServer{Address: madeOf(mac), MAC: mac, Interface: q.from.name, Last: q.at, Client: q.boot.MAC}
	if ia := q.msg.Options.OneIANA(); ia != nil {
		seen.Offered = wants(ia)
	}
	if s.sawServer(q.network(), &seen) {
		s.tellOf(&seen)
	}
	return seen.Address.String()
}

// macOf is the MAC of which a DUID was made.
func macOf(d dhcpv6.DUID) (machine.MAC, bool) {
	switch d := d.(type) {
	case *dhcpv6.DUIDLL:
		return ethernet(d.HWType, d.LinkLayerAddr)
	case *dhcpv6.DUIDLLT:
		return ethernet(d.HWType, d.LinkLayerAddr)
	}
	return machine.MAC{}, false
}

// madeOf is the link-local address that an interface makes of its MAC (RFC 4291
// app. A), where nobody told it otherwise.
func madeOf(mac machine.MAC) netip.Addr {
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 8: mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]})
}

// OtherServers gives the DHCPv6 servers that were heard within the last hour on
// our networks, by network and address.
func (s *Server) OtherServers() []machine.DHCPServer { return s.others.All(s.cfg.Now()) }
