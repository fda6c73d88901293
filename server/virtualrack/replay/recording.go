package replay

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

// step is something that the machine did, and what it heard before it did the
// next thing.
type step struct {
	at      time.Duration  // from the first
	message *dhcpv4.DHCPv4 // or
	file    string         // by TFTP, or
	path    string         // by HTTP, or
	name    string         // by HTTP, wherever its script says that it lies
	missing bool           // there was no such file
	cut     int64          // it went away after so many bytes; 0: it did not
	heard   []dhcpv4.MessageType
	gave    []netip.Addr // what it was given with that
}

// Recording is what one machine did.
type Recording struct {
	MAC    machine.MAC
	Server netip.Addr // whose answers are compared: who answered most
	steps  []step
	began  time.Time // of the first
}

// Read takes the machine out of a capture; the zero MAC takes the only one that
// there is.
func Read(packets []frame.Raw, mac machine.MAC) (*Recording, error) {
	seen := understood(packets)
	clients, servers := map[machine.MAC]int{}, map[netip.Addr]int{}
	for _, p := range seen {
		if p.dhcp != nil && p.dhcp.OpCode == dhcpv4.OpcodeBootRequest {
			clients[p.client()]++
		}
	}
	switch {
	case len(clients) == 0:
		return nil, errors.New("no DHCP message of a client is in the recording")
	case mac.IsZero() && len(clients) > 1:
		return nil, fmt.Errorf("%d machines are in the recording: choose one with --mac: %s", len(clients), list(clients))
	case mac.IsZero():
		for mac = range clients { //nolint:revive // the only one
		}
	case clients[mac] == 0:
		return nil, fmt.Errorf("no message of %s is in the recording, but of %s", mac, list(clients))
	}
	r := &Recording{MAC: mac}
	for _, p := range seen {
		if p.dhcp != nil && p.dhcp.OpCode == dhcpv4.OpcodeBootReply && p.client() == mac {
			servers[serverOf(p.dhcp)]++
		}
	}
	for s, n := range servers {
		if n > servers[r.Server] || n == servers[r.Server] && s.Less(r.Server) {
			r.Server = s
		}
	}
	r.order(seen, len(clients) == 1)
	return r, nil
}

// order makes steps of the machine's packets. Files are its own if they go to an
// address that it was given, or if there is nobody else.
func (r *Recording) order(seen []sight, alone bool) {
	own := map[netip.Addr]bool{}
	for _, p := range seen {
		switch {
		case p.dhcp != nil && p.client() != r.MAC:
		case p.dhcp != nil && p.dhcp.OpCode == dhcpv4.OpcodeBootReply:
			own[addrOf(p.dhcp.YourIPAddr)] = true
			if n := len(r.steps); n > 0 && serverOf(p.dhcp) == r.Server {
				last := &r.steps[n-1]
				last.heard = append(last.heard, p.dhcp.MessageType())
				last.gave = append(last.gave, addrOf(p.dhcp.YourIPAddr))
			}
		case p.dhcp == nil && !alone && !own[p.from.Addr()]:
		default:
			if r.began.IsZero() {
				r.began = p.at
			}
			r.steps = append(r.steps, step{at: p.at.Sub(r.began), message: p.dhcp, file: p.file, path: p.path})
		}
	}
}

func list(clients map[machine.MAC]int) string {
	var all []string
	for mac, n := range clients {
		all = append(all, fmt.Sprintf("%s (%d messages)", mac, n))
	}
	slices.Sort(all)
	return strings.Join(all[:min(len(all), 20)], ", ")
}

// sight is a packet that means something to us.
type sight struct {
	at   time.Time
	from netip.AddrPort
	dhcp *dhcpv4.DHCPv4
	file string
	path string
}

func (s *sight) client() machine.MAC { return machine.MACFrom(s.dhcp.ClientHWAddr) }

func understood(packets []frame.Raw) (all []sight) {
	for _, p := range packets {
		s := sight{at: p.At}
		if from, to, payload, ok := frame.ParseUDP(p.IPv4); ok {
			s.from = from
			s.udp(to.Port(), payload)
		} else {
			s.tcp(p.IPv4)
		}
		if s.dhcp != nil || s.file != "" || s.path != "" {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b sight) int { return a.at.Compare(b.at) })
	return all
}

func (s *sight) udp(port uint16, payload []byte) {
	switch port {
	case 67, 68, 4011:
		if p, err := dhcpv4.FromBytes(payload); err == nil && len(p.ClientHWAddr) == len(machine.MAC{}) {
			s.dhcp = p
		}
	case 69:
		if name, _, ok := bytes.Cut(payload[min(2, len(payload)):], []byte{0}); ok && payload[1] == 1 { // RRQ
			s.file = string(name)
		}
	}
}

// tcp finds a request for a file or a script at the beginning of a segment.
func (s *sight) tcp(ip []byte) {
	const protoTCP = 6
	if len(ip) < 20 || ip[9] != protoTCP {
		return
	}
	tcp := ip[min(len(ip), int(ip[0]&0xf)*4):]
	if len(tcp) < 20 {
		return
	}
	payload := tcp[min(len(tcp), int(tcp[12]>>4)*4):]
	if !bytes.HasPrefix(payload, []byte("GET ")) {
		return
	}
	line, _, _ := bytes.Cut(payload, []byte("\r\n"))
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(bytes.Clone(line), "\r\n\r\n"...))))
	if err != nil {
		return
	}
	s.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:16])), binary.BigEndian.Uint16(tcp))
	s.path = req.RequestURI
}

func serverOf(p *dhcpv4.DHCPv4) netip.Addr { return addrOf(p.ServerIdentifier()) }

func addrOf(ip []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}
