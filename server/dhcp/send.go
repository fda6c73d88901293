package dhcp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"
	"golang.org/x/net/ipv4"

	"firstlight/server/machine"
)

// route is the way of a reply: to an address by UDP, or, with a MAC, in a frame
// to a client that has no address yet and so cannot answer ARP.
type route struct {
	to  netip.AddrPort
	mac machine.MAC // zero: UDP
	// boot: from port 4011, to which the client wrote.
	boot bool
}

// wire sends replies. A link is one; tests have another.
type wire interface {
	send(route, []byte) error
}

// routeOf chooses the way by RFC 2131 §4.1: the relay; the client at its
// address; all; or the client's hardware.
func routeOf(q *query, r *dhcpv4.DHCPv4) route {
	everyone := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	switch {
	case q.port == bootPort:
		return route{to: q.peer, boot: true}
	case q.giaddr.IsValid():
		return route{to: netip.AddrPortFrom(q.giaddr, serverPort)}
	case r.MessageType() == dhcpv4.MessageTypeNak:
		return route{to: netip.AddrPortFrom(everyone, clientPort)}
	case q.ciaddr.IsValid():
		return route{to: netip.AddrPortFrom(q.ciaddr, clientPort)}
	case q.packet.IsBroadcast(), !addrOf(r.YourIPAddr).IsValid():
		return route{to: netip.AddrPortFrom(everyone, clientPort)}
	default:
		return route{to: netip.AddrPortFrom(addrOf(r.YourIPAddr), clientPort), mac: q.boot.MAC}
	}
}

// send puts a reply on the wire, from the address that the client knows as its
// server whatever the kernel would choose.
func (l *link) send(to route, payload []byte) error {
	if !to.mac.IsZero() {
		frame := datagramTo(netip.AddrPortFrom(l.server, serverPort), to.to, payload)
		_, err := l.frames.WriteTo(frame, &packet.Addr{HardwareAddr: net.HardwareAddr(to.mac[:])})
		return err
	}
	source := ipv4.ControlMessage{Src: slice(l.server), IfIndex: l.index}
	conn := l.udp
	if to.boot {
		conn = l.boot
	}
	_, _, err := conn.WriteMsgUDPAddrPort(payload, source.Marshal(), to.to)
	if err != nil {
		return fmt.Errorf("send to %s: %w", to.to, err)
	}
	return nil
}

const (
	ipHeader  = 20
	udpHeader = 8
	protoUDP  = 17
	// maxReply fits into an Ethernet frame: firmware puts no fragments together.
	maxReply = 1500 - ipHeader - udpHeader
)

// datagramTo writes the IPv4 and UDP headers by hand (RFC 791, RFC 768).
func datagramTo(from, to netip.AddrPort, payload []byte) []byte {
	b := make([]byte, ipHeader+udpHeader, ipHeader+udpHeader+len(payload))
	b = append(b, payload...)
	ip, udp := b[:ipHeader], b[ipHeader:]
	src, dst := from.Addr().As4(), to.Addr().As4()

	ip[0] = 4<<4 | ipHeader/4
	binary.BigEndian.PutUint16(ip[2:], uint16(len(b)))
	ip[8], ip[9] = 64, protoUDP
	copy(ip[12:], src[:])
	copy(ip[16:], dst[:])
	binary.BigEndian.PutUint16(ip[10:], ^sum(0, ip))

	binary.BigEndian.PutUint16(udp[0:], from.Port())
	binary.BigEndian.PutUint16(udp[2:], to.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	pseudo := sum(uint32(sum(protoUDP+uint32(len(udp)), src[:])), dst[:])
	check := ^sum(uint32(pseudo), udp)
	if check == 0 {
		check = 0xffff // 0 would mean that there is none
	}
	binary.BigEndian.PutUint16(udp[6:], check)
	return b
}

// sum adds up 16-bit words in one's complement (RFC 1071).
func sum(start uint32, b []byte) uint16 {
	for ; len(b) > 1; b = b[2:] {
		start += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		start += uint32(b[0]) << 8
	}
	for start > 0xffff {
		start = start>>16 + start&0xffff
	}
	return uint16(start)
}
