package frame

import (
	"encoding/binary"
	"net/netip"
)

const (
	ipHeader  = 20
	ip6Header = 40
	udpHeader = 8
	protoUDP  = 17
	// Overhead is what the headers take of a packet of IPv4, in bytes.
	Overhead = ipHeader + udpHeader
)

// UDP puts the IP and UDP headers before a payload (RFC 791, RFC 8200, RFC 768).
// Both addresses are of one version; of a link-local one the zone is left out.
func UDP(from, to netip.AddrPort, payload []byte) []byte {
	if from.Addr().Is6() {
		return udp6(from, to, payload)
	}
	b := make([]byte, Overhead, Overhead+len(payload))
	b = append(b, payload...)
	ip := b[:ipHeader]
	src, dst := from.Addr().As4(), to.Addr().As4()

	ip[0] = 4<<4 | ipHeader/4
	binary.BigEndian.PutUint16(ip[2:], uint16(len(b)))
	ip[8], ip[9] = 64, protoUDP
	copy(ip[12:], src[:])
	copy(ip[16:], dst[:])
	binary.BigEndian.PutUint16(ip[10:], ^sum(0, ip))
	putUDP(b[ipHeader:], from, to, src[:], dst[:])
	return b
}

func udp6(from, to netip.AddrPort, payload []byte) []byte {
	b := make([]byte, ip6Header+udpHeader, ip6Header+udpHeader+len(payload))
	b = append(b, payload...)
	src, dst := from.Addr().As16(), to.Addr().As16()

	b[0] = 6 << 4
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-ip6Header))
	b[6], b[7] = protoUDP, 64
	copy(b[8:], src[:])
	copy(b[24:], dst[:])
	putUDP(b[ip6Header:], from, to, src[:], dst[:])
	return b
}

// putUDP writes the UDP header; its checksum has parts of the IP header in it.
func putUDP(udp []byte, from, to netip.AddrPort, src, dst []byte) {
	binary.BigEndian.PutUint16(udp[0:], from.Port())
	binary.BigEndian.PutUint16(udp[2:], to.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	pseudo := sum(uint32(sum(protoUDP+uint32(len(udp)), src)), dst)
	check := ^sum(uint32(pseudo), udp)
	if check == 0 {
		check = 0xffff // 0 would mean that there is none
	}
	binary.BigEndian.PutUint16(udp[6:], check)
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

// ParseUDP takes a whole, unfragmented UDP datagram out of an IP packet, of IPv6
// without extension headers. The payload is part of b. Checksums are not looked at: network cards fill them in
// after the kernel has shown the packet.
func ParseUDP(b []byte) (from, to netip.AddrPort, payload []byte, ok bool) {
	if len(b) > 0 && b[0]>>4 == 6 {
		return parseUDP6(b)
	}
	if len(b) < ipHeader || b[0]>>4 != 4 || b[9] != protoUDP || binary.BigEndian.Uint16(b[6:])&0x3fff != 0 {
		return from, to, nil, false
	}
	options, size := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
	if options < ipHeader || size > len(b) || size < options+udpHeader {
		return from, to, nil, false
	}
	src, dst := netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
	return between(src, dst, b[options:size])
}

func parseUDP6(b []byte) (from, to netip.AddrPort, payload []byte, ok bool) {
	if len(b) < ip6Header+udpHeader || b[6] != protoUDP {
		return from, to, nil, false
	}
	size := ip6Header + int(binary.BigEndian.Uint16(b[4:]))
	if size > len(b) || size < ip6Header+udpHeader {
		return from, to, nil, false
	}
	return between(netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40])), b[ip6Header:size])
}

// between reads the UDP header of a datagram between two addresses.
func between(src, dst netip.Addr, udp []byte) (from, to netip.AddrPort, payload []byte, ok bool) {
	length := int(binary.BigEndian.Uint16(udp[4:]))
	if length < udpHeader || length > len(udp) {
		return from, to, nil, false
	}
	from = netip.AddrPortFrom(src, binary.BigEndian.Uint16(udp))
	to = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(udp[2:]))
	return from, to, udp[udpHeader:length], true
}
