package lldp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"firstlight/agent/report"
)

// Types of TLVs (IEEE 802.1AB-2016, table 8-1).
const (
	tlvEnd = iota
	tlvChassis
	tlvPort
	tlvTTL
	tlvPortText
	tlvSystem
	tlvSystemText
	tlvCapabilities
	tlvManagement
)

// MaxText bounds each word of a neighbour, in bytes: no string of the standard
// may be longer.
const MaxText = 255

// Kinds of names of a chassis or port.
const (
	KindMAC     = "mac"
	KindName    = "name"
	KindAddress = "address"
	KindLocal   = "local"
)

// Parse reads an LLDPDU: what follows the Ethernet header. A time to live of 0
// says that the neighbour is going away. TLVs of other types are skipped.
func Parse(b []byte) (report.Neighbour, time.Duration, error) {
	p := parser{}
	for at := 0; ; at++ {
		kind, value, rest, err := next(b)
		if err != nil {
			return report.Neighbour{}, 0, fmt.Errorf("LLDP: element %d: %w", at+1, err)
		}
		if kind == tlvEnd && at >= tlvTTL {
			return p.neighbour, p.ttl, nil
		}
		// The first three are these, in this order, and come once.
		if want := at + 1; want <= tlvTTL && kind != want || want > tlvTTL && kind <= tlvTTL {
			return report.Neighbour{}, 0, fmt.Errorf("LLDP: element %d is of type %d: chassis, port and time to live come first, each once", at+1, kind)
		}
		if err := p.take(kind, value); err != nil {
			return report.Neighbour{}, 0, fmt.Errorf("LLDP: element %d: %w", at+1, err)
		}
		b = rest
	}
}

// next cuts one TLV off: 7 bits of type, 9 of length. Where the frame ends, the
// list does: some senders leave out its end.
func next(b []byte) (kind int, value, rest []byte, err error) {
	if len(b) == 0 {
		return tlvEnd, nil, nil, nil
	}
	if len(b) < 2 {
		return 0, nil, nil, errors.New("its head is cut off")
	}
	head := binary.BigEndian.Uint16(b)
	kind, n := int(head>>9), int(head&0x1ff)
	if b = b[2:]; len(b) < n {
		return 0, nil, nil, fmt.Errorf("type %d has %d bytes of %d", kind, len(b), n)
	}
	return kind, b[:n], b[n:], nil
}

type parser struct {
	neighbour report.Neighbour
	ttl       time.Duration
}

func (p *parser) take(kind int, v []byte) (err error) {
	n := &p.neighbour
	switch kind {
	case tlvChassis:
		n.Chassis, n.ChassisKind, err = identify("chassis", v, chassisKinds)
	case tlvPort:
		n.Port, n.PortKind, err = identify("port", v, portKinds)
	case tlvTTL:
		if len(v) < 2 {
			return fmt.Errorf("the time to live has %d bytes, want 2", len(v))
		}
		p.ttl = time.Duration(binary.BigEndian.Uint16(v)) * time.Second
	case tlvPortText:
		n.PortText = text(v)
	case tlvSystem:
		n.System = text(v)
	case tlvSystemText:
		n.SystemText = text(v)
	case tlvManagement:
		if n.Management == "" {
			n.Management = management(v)
		}
	}
	return err
}

// Subtypes of chassis and port ids (tables 8-2 and 8-3), by what they hold.
var (
	chassisKinds = map[byte]string{1: KindLocal, 2: KindName, 3: KindLocal, 4: KindMAC, 5: KindAddress, 6: KindName, 7: KindLocal}
	portKinds    = map[byte]string{1: KindName, 2: KindLocal, 3: KindMAC, 4: KindAddress, 5: KindName, 6: KindLocal, 7: KindLocal}
)

func identify(what string, v []byte, kinds map[byte]string) (id, kind string, err error) {
	if len(v) < 2 || len(v) > 256 {
		return "", "", fmt.Errorf("the %s id has %d bytes, want 2 to 256", what, len(v))
	}
	kind, v = kinds[v[0]], v[1:]
	switch kind {
	case "":
		return "", "", fmt.Errorf("the %s id is of a reserved subtype", what)
	case KindMAC:
		if len(v) != 6 {
			return "", "", fmt.Errorf("the MAC of the %s id has %d bytes, want 6", what, len(v))
		}
		id = net.HardwareAddr(v).String()
	case KindAddress:
		id = address(v)
	default:
		id = text(v)
	}
	if id == "" {
		return "", "", fmt.Errorf("the %s id holds nothing readable", what)
	}
	return id, kind, nil
}

// address reads an address with IANA's number of its family before it.
func address(v []byte) string {
	if len(v) == 5 && v[0] == 1 || len(v) == 17 && v[0] == 2 {
		a, _ := netip.AddrFromSlice(v[1:])
		return a.String()
	}
	return ""
}

// management reads a management address that is IP; its length comes first.
func management(v []byte) string {
	if len(v) == 0 || len(v) < 1+int(v[0]) {
		return ""
	}
	return address(v[1 : 1+int(v[0])])
}

// text makes one printable, bounded line of a stranger's bytes.
func text(v []byte) string {
	v = v[:min(len(v), MaxText)]
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(v), ""))
	return strings.Join(strings.Fields(s), " ")
}
