package dhcp6

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/machine"
)

// identify gives the MAC of a client, by what says most surely which interface
// it asks through:
//   - what its first relay read from its frame (RFC 6939);
//   - the link-local address that it wrote from, where that is made of the MAC
//     (RFC 4291 app. A), as EDK2, iPXE and Linux do unless told otherwise;
//   - a DUID made of a MAC, which may be another interface's of the machine.
//
// A client that hides its MAC is filed under one that is made of its DUID: not
// one that a vendor gave, so that it meets no other's.
func (q *query) identify() machine.MAC {
	if len(q.relays) > 0 {
		kind, address := q.relays[len(q.relays)-1].Options.ClientLinkLayerAddress()
		if mac, ok := ethernet(kind, address); ok {
			return mac
		}
	}
	if mac, ok := eui64(q.source()); ok {
		return mac
	}
	if mac, ok := macOf(q.client); ok {
		return mac
	}
	return madeUp(q.duid)
}

// source is the link-local address of the client on its own network.
func (q *query) source() netip.Addr {
	if len(q.relays) > 0 {
		return addrOf(q.relays[len(q.relays)-1].PeerAddr)
	}
	return q.peer.Addr().WithZone("")
}

func ethernet(kind iana.HWType, address net.HardwareAddr) (machine.MAC, bool) {
	if kind != iana.HWTypeEthernet || len(address) != 6 {
		return machine.MAC{}, false
	}
	mac := machine.MACFrom(address)
	return mac, !mac.IsZero() && mac[0]&1 == 0
}

// eui64 reads the MAC out of a link-local address that was made of one.
func eui64(a netip.Addr) (machine.MAC, bool) {
	b := a.As16()
	if !a.Is6() || !a.IsLinkLocalUnicast() || b[11] != 0xff || b[12] != 0xfe {
		return machine.MAC{}, false
	}
	mac := machine.MAC{b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]}
	return mac, !mac.IsZero() && mac[0]&1 == 0
}

// madeUp is a locally administered MAC (IEEE 802 §8.2) of a DUID.
func madeUp(duid []byte) machine.MAC {
	sum := sha256.Sum256(duid)
	mac := machine.MAC(sum[:6])
	mac[0] = mac[0]&^1 | 2
	return mac
}

// uuid reads the UUID out of a DUID that is made of one (RFC 6355): EDK2 and iPXE
// take the machine's own. The order of its bytes is the client's;
// machine.SameUUID compares either.
func uuid(d dhcpv6.DUID) string {
	u, ok := d.(*dhcpv6.DUIDUUID)
	if !ok {
		return ""
	}
	b := u.UUID
	s := fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
	if machine.PlaceholderUUID(s) {
		return ""
	}
	return s
}
