package dns

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// oobLen is room for the control message that has the destination.
const oobLen = 128

// sourceControl turns the control message of a query into that of its answer,
// which sends it from the address that the query went to. Nil where the kernel
// chooses rightly by itself: on a socket that has one address.
func sourceControl(oob []byte, local netip.Addr) []byte {
	switch {
	case len(oob) == 0:
		return nil
	case local.Is4():
		var in ipv4.ControlMessage
		if in.Parse(oob) != nil || in.Dst == nil {
			return nil
		}
		return (&ipv4.ControlMessage{Src: in.Dst}).Marshal()
	default:
		var in ipv6.ControlMessage
		if in.Parse(oob) != nil || in.Dst == nil {
			return nil
		}
		return (&ipv6.ControlMessage{Src: in.Dst}).Marshal()
	}
}

// reachable is where this machine itself asks a socket that is open on all
// addresses.
func reachable(a netip.AddrPort) netip.AddrPort {
	if !a.Addr().IsUnspecified() {
		return a
	}
	loopback := net.IPv6loopback
	if a.Addr().Is4() {
		loopback = net.IPv4(127, 0, 0, 1).To4()
	}
	to, _ := netip.AddrFromSlice(loopback)
	return netip.AddrPortFrom(to, a.Port())
}
