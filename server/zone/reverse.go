package zone

import (
	"net/netip"
	"strconv"
	"strings"
)

// reverseName is the name under which an address has its PTR: RFC 1035 §3.5,
// RFC 3596 §2.5.
func reverseName(a netip.Addr) string {
	if a.Is4() {
		return reverseV4(a.As4(), 4)
	}
	return reverseV6(a.As16(), 32)
}

func reverseV4(b [4]byte, octets int) string {
	var s strings.Builder
	s.Grow(30)
	for i := octets - 1; i >= 0; i-- {
		s.WriteString(strconv.Itoa(int(b[i])))
		s.WriteByte('.')
	}
	s.WriteString("in-addr.arpa.")
	return s.String()
}

func reverseV6(b [16]byte, nibbles int) string {
	const hex = "0123456789abcdef"
	var s strings.Builder
	s.Grow(74)
	for i := nibbles - 1; i >= 0; i-- {
		n := b[i/2] >> 4
		if i%2 == 1 {
			n = b[i/2] & 15
		}
		s.WriteByte(hex[n])
		s.WriteByte('.')
	}
	s.WriteString("ip6.arpa.")
	return s.String()
}

// reverseZones are the names of the reverse zones that hold a prefix. The DNS
// cuts only at octets (v4) and nibbles (v6). A prefix between two cuts is
// served as the zones below it that fill it: a /22 as four /24. One longer than
// a /24 shares the /24 around it with its neighbours, since a zone of one
// address each is of no use to anybody; names there that are not ours do not
// exist for those who ask us. Delegating part of a /24 (RFC 2317) comes with
// the parents that can delegate it.
func reverseZones(p netip.Prefix) []string {
	p = p.Masked()
	step, last := 8, 24
	if p.Addr().Is6() {
		step, last = 4, 124
	}
	bits := min((p.Bits()+step-1)/step*step, last)
	bits = max(bits, step)
	if bits <= p.Bits() {
		return []string{reverseZone(p.Addr(), bits)}
	}
	names := make([]string, 0, 1<<(bits-p.Bits()))
	for i := range 1 << (bits - p.Bits()) {
		names = append(names, reverseZone(nth(p.Addr(), bits, i), bits))
	}
	return names
}

// nth adds i to the number that the first bits of a are. They end inside or at
// the end of one octet, and i never carries out of it.
func nth(a netip.Addr, bits, i int) netip.Addr {
	b := a.AsSlice()
	b[(bits-1)/8] += byte(i << ((8 - bits%8) % 8))
	n, _ := netip.AddrFromSlice(b)
	return n
}

func reverseZone(a netip.Addr, bits int) string {
	if a.Is4() {
		return reverseV4(a.As4(), bits/8)
	}
	return reverseV6(a.As16(), bits/4)
}
