package virtualrack

import (
	"fmt"
	"net/netip"

	"github.com/google/uuid"

	"firstlight/server/machine"
)

// The rack's network. It is cut off from every other, so that it can be the
// same each time.
var (
	bootNetwork  = netip.MustParsePrefix("10.80.0.0/16")
	ownAddress   = netip.MustParseAddr("10.80.0.1") // the appliance's
	guestAddress = netip.MustParseAddr("10.80.0.2") // of clients in this process
	// Of IPv6, for a rack that has no other (Spec.IPv6).
	bootNetwork6  = netip.MustParsePrefix("fd00:80::/64")
	ownAddress6   = netip.MustParseAddr("fd00:80::1")
	firstAddress6 = netip.MustParseAddr("fd00:80::1:0")
	lastAddress6  = netip.MustParseAddr("fd00:80::1:ffff")
	// Of clients in this process: on the link, and not made of the interface's MAC,
	// by which a server would take all of them for one.
	guestAddress6 = netip.MustParseAddr("fe80::2")
	firstAddress  = netip.MustParseAddr("10.80.16.0")
	lastAddress   = netip.MustParseAddr("10.80.255.250")
	relayed       = netip.MustParsePrefix("10.96.0.0/12") // every network behind a relay
	bmcNetwork    = netip.MustParsePrefix("10.81.0.0/16")
	bmcUplink     = netip.MustParseAddr("10.81.0.1") // the rack's own end
	bmcPort       = uint16(443)
	siteName      = "rack"
	domain        = "rack.example.net"
	applianceLink = "boot0"
	rackLink      = "rack0"
)

// relayedBits is the size of a network behind a relay: 62 hosts, the relay among
// them.
const relayedBits = 26

// maxRelayed is how many such networks there may be.
const maxRelayed = 1 << (relayedBits - 12)

// RelayedNetwork is the n-th network behind a relay, from 0. Its first host is
// the relay.
func RelayedNetwork(n int) netip.Prefix {
	at := relayed.Addr().As4()
	at[1], at[2], at[3] = at[1]+byte(n>>10), byte(n>>2), byte(n<<6)
	return netip.PrefixFrom(netip.AddrFrom4(at), relayedBits)
}

// Vendor and products of the machines, for rules to match.
const (
	vendor       = "QEMU"
	ProductFull  = "VR-1000" // a QEMU machine
	ProductLight = "VR-1"    // a light machine
)

// maxEach bounds both kinds of machines, so that addresses are enough.
const maxEach = 20000

// identity is who the n-th machine of a kind is: the same in every run.
type identity struct {
	serial string
	uuid   string
	mac    machine.MAC
	bmc    netip.Addr
	bmcMAC machine.MAC
}

// fullIdentity and lightIdentity number machines from 1. The MACs of QEMU machines are of
// QEMU's own range, those of light ones locally administered.
func fullIdentity(n int) identity { return identify("VR%04d", n, 0, [3]byte{0x52, 0x54, 0x00}) }

func lightIdentity(n int) identity { return identify("LT%04d", n, maxEach, [3]byte{0x02, 0x4c, 0x54}) }

func identify(serial string, n, offset int, oui [3]byte) identity {
	i := identity{
		serial: fmt.Sprintf(serial, n),
		mac:    machine.MAC{oui[0], oui[1], oui[2], 0x80, byte(n >> 8), byte(n)},
		bmcMAC: machine.MAC{oui[0], oui[1], oui[2], 0x81, byte(n >> 8), byte(n)},
	}
	i.uuid = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(i.serial+"."+domain)).String()
	at := offset + n + 255 // from .1.0 on
	i.bmc = netip.AddrFrom4([4]byte{10, 81, byte(at >> 8), byte(at)})
	return i
}
