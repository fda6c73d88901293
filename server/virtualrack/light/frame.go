package light

import (
	"encoding/binary"
	"net"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/net/bpf"

	"firstlight/server/machine"
)

// Lengths of the headers before a DHCP message: Ethernet, IPv4 without
// options, UDP.
const (
	ethernetBytes = 14
	ipv4Bytes     = 20
	udpBytes      = 8
)

// toClients lets through what goes to DHCP's client port, or to our relay:
// unfragmented UDP over IPv4 to port 68 or its address.
var toClients = []bpf.Instruction{
	bpf.LoadAbsolute{Off: 12, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0x0800, SkipTrue: 9},
	bpf.LoadAbsolute{Off: 23, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 17, SkipTrue: 7},
	bpf.LoadAbsolute{Off: 20, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x3fff, SkipTrue: 5},
	bpf.LoadMemShift{Off: ethernetBytes},
	bpf.LoadIndirect{Off: ethernetBytes + 2, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 68, SkipTrue: 3},
	bpf.LoadAbsolute{Off: ethernetBytes + 16, Size: 4},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: binary.BigEndian.Uint32(ownRelay.AsSlice()), SkipTrue: 1},
	bpf.RetConstant{Val: 0},
	bpf.RetConstant{Val: 65535},
}

// broadcast wraps a client's message into a frame from its own MAC to all: it
// has no address yet (RFC 2131 §4.1).
func broadcast(from machine.MAC, message []byte) []byte {
	b := make([]byte, ethernetBytes+ipv4Bytes+udpBytes, ethernetBytes+ipv4Bytes+udpBytes+len(message))
	copy(b[0:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	copy(b[6:], from[:])
	binary.BigEndian.PutUint16(b[12:], 0x0800)
	ip := b[ethernetBytes:]
	ip[0], ip[8], ip[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(ip[2:], uint16(ipv4Bytes+udpBytes+len(message)))
	copy(ip[16:], []byte{255, 255, 255, 255})
	binary.BigEndian.PutUint16(ip[10:], checksum(ip[:ipv4Bytes]))
	udp := ip[ipv4Bytes:]
	binary.BigEndian.PutUint16(udp[0:], 68)
	binary.BigEndian.PutUint16(udp[2:], 67)
	binary.BigEndian.PutUint16(udp[4:], uint16(udpBytes+len(message))) // no checksum: RFC 768 allows 0
	return append(b, message...)
}

// checksum is the Internet checksum (RFC 1071).
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// unwrap reads the DHCP message of a frame that toClients let through.
func unwrap(frame []byte) (*dhcpv4.DHCPv4, bool) {
	if len(frame) < ethernetBytes+1 {
		return nil, false
	}
	at := ethernetBytes + int(frame[ethernetBytes]&0x0f)*4 + udpBytes
	if len(frame) < at {
		return nil, false
	}
	p, err := dhcpv4.FromBytes(frame[at:])
	if err != nil || len(p.ClientHWAddr) != len(net.HardwareAddr{0, 0, 0, 0, 0, 0}) {
		return nil, false
	}
	return p, true
}
