package machine

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// MAC is an Ethernet address. It is comparable, a map key, and has one
// spelling: six lower-case pairs with colons.
type MAC [6]byte

// ParseMAC reads aa:bb:cc:dd:ee:ff, aa-bb-cc-dd-ee-ff, aabb.ccdd.eeff and
// aabbccddeeff, in either case. The all-zero, broadcast and group addresses are
// refused: no interface of a machine has one (IEEE 802-2014 §8.2.2).
func ParseMAC(s string) (MAC, error) {
	m, ok := spelled(s)
	if !ok {
		return MAC{}, fmt.Errorf("MAC address %q: want six pairs of hex digits, such as 52:54:00:12:34:56", s)
	}
	if m.IsZero() || m[0]&1 != 0 {
		return MAC{}, fmt.Errorf("MAC address %q: it is a group or null address, not an interface's own", s)
	}
	return m, nil
}

// spelled reads the digits: groups of equal length with one separator.
func spelled(s string) (m MAC, ok bool) {
	plain := s
	for sep, width := range map[string]int{":": 2, "-": 2, ".": 4} {
		if groups := strings.Split(s, sep); len(groups) == 12/width {
			plain = strings.Join(groups, "")
			for _, g := range groups {
				if len(g) != width {
					return MAC{}, false
				}
			}
		}
	}
	b, err := hex.DecodeString(plain)
	if err != nil || len(b) != len(m) {
		return MAC{}, false
	}
	return MAC(b), true
}

// MACFrom takes the first six bytes of a hardware address.
func MACFrom(b []byte) (m MAC) {
	copy(m[:], b)
	return m
}

// IsZero tells whether m is unset.
func (m MAC) IsZero() bool { return m == MAC{} }

// String gives the one spelling, and "" for the zero MAC.
func (m MAC) String() string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// MarshalText gives the one spelling.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads back what MarshalText wrote, "" for the zero MAC and
// group addresses with it: a row that was stored must never fail to load.
func (m *MAC) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*m = MAC{}
		return nil
	}
	p, ok := spelled(string(b))
	if !ok {
		return fmt.Errorf("MAC address %q: want six pairs of hex digits, such as 52:54:00:12:34:56", b)
	}
	*m = p
	return nil
}
