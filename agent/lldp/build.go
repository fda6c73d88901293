package lldp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"time"

	"firstlight/agent/report"
)

// EtherType and Group are where LLDP is spoken: a group that bridges keep to the
// port on which it comes in.
const EtherType = 0x88cc

// Group is the nearest bridge.
var Group = net.HardwareAddr{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}

// Build makes the LLDPDU in which a neighbour says what it is.
func Build(n report.Neighbour, ttl time.Duration) []byte {
	b := tlv(nil, tlvChassis, id(n.Chassis, n.ChassisKind, 4, 5, 6))
	b = tlv(b, tlvPort, id(n.Port, n.PortKind, 3, 4, 5))
	b = tlv(b, tlvTTL, binary.BigEndian.AppendUint16(nil, uint16(ttl/time.Second)))
	for i, s := range []string{n.PortText, n.System, n.SystemText} {
		if s != "" {
			b = tlv(b, tlvPortText+i, []byte(s[:min(len(s), MaxText)]))
		}
	}
	if a := addressBytes(n.Management); a != nil {
		// No interface number (subtype 1, unknown), no object identifier.
		b = tlv(b, tlvManagement, append(append([]byte{byte(len(a))}, a...), 1, 0, 0, 0, 0, 0))
	}
	return tlv(b, tlvEnd, nil)
}

func tlv(b []byte, kind int, v []byte) []byte {
	v = v[:min(len(v), 511)]
	return append(binary.BigEndian.AppendUint16(b, uint16(kind)<<9|uint16(len(v))), v...)
}

// id spells an id with the subtype of its kind; that of a local one is 7.
func id(s, kind string, mac, address, name byte) []byte {
	switch kind {
	case KindMAC:
		if b, err := net.ParseMAC(s); err == nil {
			return append([]byte{mac}, b...)
		}
	case KindAddress:
		if b := addressBytes(s); b != nil {
			return append([]byte{address}, b...)
		}
	}
	subtype := name
	if kind == KindLocal {
		subtype = 7
	}
	return append([]byte{subtype}, s[:min(len(s), MaxText)]...)
}

func addressBytes(s string) []byte {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return nil
	}
	family := byte(1)
	if a.Is6() {
		family = 2
	}
	return append([]byte{family}, a.AsSlice()...)
}
