package dhcp

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"firstlight/server/exchange"
	"firstlight/server/frame"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

const (
	// rogueStays is how long after its last sign another server counts: it shows
	// only when a client asks.
	rogueStays = time.Hour
	// maxRogues bounds what forged answers can make us remember.
	maxRogues = 64
	// rogueRow is how often a client's timeline tells of the same server.
	rogueRow = 5 * time.Minute
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

// rogues are the other servers that were heard.
type rogues struct {
	mu    sync.Mutex
	heard map[rogueKey]*machine.DHCPServer
	told  map[toldKey]time.Time
}

type rogueKey struct {
	network string
	address netip.Addr
}

type toldKey struct {
	rogueKey
	client machine.MAC
}

func newRogues() *rogues {
	return &rogues{heard: map[rogueKey]*machine.DHCPServer{}, told: map[toldKey]time.Time{}}
}

// note remembers a sign of a server; tell says that the client's timeline does
// not have it yet.
func (r *rogues) note(seen machine.DHCPServer) (tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(seen.Last)
	key := rogueKey{seen.Interface, seen.Address}
	old := r.heard[key]
	switch {
	case old != nil:
		seen.First, seen.Count = old.First, old.Count
		if seen.MAC.IsZero() {
			seen.MAC = old.MAC
		}
	case len(r.heard) >= maxRogues:
		return false
	}
	seen.Count++
	r.heard[key] = &seen
	t := toldKey{key, seen.Client}
	if at, ok := r.told[t]; ok && seen.Last.Sub(at) < rogueRow || len(r.told) >= exchange.Most {
		return false
	}
	r.told[t] = seen.Last
	return true
}

func (r *rogues) forget(now time.Time) {
	for key, s := range r.heard {
		if now.Sub(s.Last) > rogueStays {
			delete(r.heard, key)
		}
	}
	if len(r.told) < exchange.Most {
		return
	}
	for key, at := range r.told {
		if now.Sub(at) >= rogueRow {
			delete(r.told, key)
		}
	}
}

// OtherServers gives the DHCP servers that were heard within the last hour on
// our networks, by network and address.
func (s *Server) OtherServers() []machine.DHCPServer {
	r := s.rogues
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(s.cfg.Now())
	all := make([]machine.DHCPServer, 0, len(r.heard))
	for _, one := range r.heard {
		all = append(all, *one)
	}
	slices.SortFunc(all, machine.DHCPServer.Compare)
	return all
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
	seen.First, seen.Subnet = seen.Last, subnet.Name
	seen.Expected = subnet.Mode == machine.ModeProxy || slices.Contains(s.cfg.Peers, seen.Address)
	return s.rogues.note(*seen) && !seen.Expected
}

func (s *Server) tellOf(seen *machine.DHCPServer) {
	s.complain("another DHCP server answers on our network", "interface", seen.Interface, "subnet", seen.Subnet,
		"server", seen.Address.String(), "mac", seen.MAC.String(), "client", seen.Client.String())
	s.cfg.Journal.Note(journal.Event{
		At: seen.Last, MAC: seen.Client, Source: journal.DHCP, Text: "another DHCP server answers on this network: " + seen.String(),
		Details: map[string]string{
			journal.DetailOutcome: string(journal.Rogue), "interface": seen.Interface, "subnet": seen.Subnet,
			journal.DetailServer: seen.Address.String(), "server_mac": seen.MAC.String(),
		},
	})
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
