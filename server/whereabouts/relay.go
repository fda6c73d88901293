package whereabouts

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"firstlight/server/machine"
)

// Said is what a relay says of where a request came from, as far as it is
// understood.
type Said struct {
	Switch  string      // its name, where one is said beside the port
	Remote  string      // a name in the remote id, which may be a switch's or anything
	Chassis machine.MAC // of the switch
	Port    string      // its name; empty: none was understood
	// Counted is what a switch says in numbers alone, for people: some begin to
	// count at 1, some at 3 (Catalyst 3750-E Software Configuration Guide,
	// OL-9775-08, page 22-5), so that it is held against nothing.
	Counted string
	VLAN    string
	Network string // a VLAN, bundle or bridge that stands where the port would
}

// enterprise is how many bytes of a DHCPv6 remote id name its vendor (RFC 4649 §3).
const enterprise = 4

// Read takes apart what a relay said.
func Read(r machine.Relayed) (s Said) {
	remote := r.Remote
	if r.Relay.Is6() && len(remote) >= enterprise {
		remote = remote[enterprise:]
	}
	s.readRemote(remote)
	if text, ok := wrapped(r.Circuit); ok {
		s.readText(text)
	} else {
		s.count(r.Circuit)
	}
	return s
}

// Understood tells whether a port is named.
func (s Said) Understood() bool { return s.Port != "" }

// wrapped gives the text of an option: all of it, or what follows the type 1 and
// the length with which Cisco marks a text that a person chose.
func wrapped(b []byte) (string, bool) {
	if len(b) > 2 && b[0] == 1 && int(b[1]) == len(b)-2 {
		b = b[2:]
	}
	text := strings.TrimSpace(strings.TrimRight(string(b), "\x00"))
	return text, text != "" && printable(text)
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// readRemote reads a MAC, in bytes or spelled, or a name.
func (s *Said) readRemote(b []byte) {
	const typed, bytes = 2, len(machine.MAC{}) // type 0 and length 6: Cisco, D-Link, H3C
	switch {
	case len(b) == typed+bytes && b[0] == 0 && int(b[1]) == bytes:
		s.Chassis = machine.MAC(b[typed:])
	default:
		text, ok := wrapped(b)
		if parsed, err := machine.ParseMAC(text); ok && err == nil {
			s.Chassis = parsed
		} else if ok && name(text) {
			s.Remote = text
		} else if !ok && len(b) == bytes { // ProCurve and Aruba
			s.Chassis = machine.MAC(b)
		}
	}
}

// name tells what may be the name of a switch: a host name, with or without its
// domain.
func name(s string) bool {
	const longest = 64
	odd := strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(".-_", r)
	})
	return s != "" && len(s) <= longest && odd < 0 && strings.Trim(s, "0123456789.-_") != ""
}

// count reads the forms that hold numbers and no name.
func (s *Said) count(b []byte) {
	const (
		snooped  = 6 // type 0, length 4, VLAN, module and port
		procurve = 2 // the port
	)
	switch {
	case len(b) == snooped && b[0] == 0 && b[1] == snooped-2:
		s.VLAN = fmt.Sprint(binary.BigEndian.Uint16(b[2:]))
		s.Counted = fmt.Sprintf("VLAN %s, module %d, port %d as the switch counts them", s.VLAN, b[4], b[5])
	case len(b) == procurve:
		s.Counted = fmt.Sprintf("port %d as the switch counts them", binary.BigEndian.Uint16(b))
	}
}

// Spell shows an option to people: its text, else its bytes.
func Spell(b []byte) string {
	const longest = 64
	if len(b) == 0 {
		return ""
	}
	text, ok := wrapped(b)
	if !ok {
		text = "0x" + hex.EncodeToString(b)
	}
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return text
}
