package dhcp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// query is a packet, understood.
type query struct {
	from    origin
	wire    wire // that the reply goes to
	unicast bool
	port    uint16
	peer    netip.AddrPort
	at      time.Time

	packet *dhcpv4.DHCPv4
	kind   dhcpv4.MessageType
	ciaddr netip.Addr // the address that the client says it has
	giaddr netip.Addr // of the relay
	relay  relay
	server netip.Addr // option 54: the server that is meant
	wants  netip.Addr // option 50
	boot   boot.Request
	vendor string // option 60, printable
	keyed  bool   // it is iPXE that fetches over HTTPS alone
	lesser bool   // it is iPXE that can do less than our loaders
}

// client is who asks, as package lease sees it.
func (q *query) client(wants netip.Addr) lease.Client {
	return lease.Client{
		MAC:      q.boot.MAC,
		ClientID: hex.EncodeToString(q.packet.Options.Get(dhcpv4.OptionClientIdentifier)),
		Hostname: exchange.Label(q.packet.HostName()),
		Wants:    wants,
	}
}

// isBoot tells whether firmware or a boot loader asks, not an operating system.
func (q *query) isBoot() bool { return q.boot.Stage != "" }

// maxHops is the most relays that a packet may have passed (RFC 1542 §4.1.1).
const maxHops = 16

var errLoop = errors.New("it names us as its relay")

// classify understands a packet. Who is not a boot client gets no stage.
func classify(d *datagram) (*query, error) {
	p, err := dhcpv4.FromBytes(d.buffer[:d.size])
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if err := overloaded(p, d.buffer[:d.size]); err != nil {
		return nil, fmt.Errorf("decode what overloads the header: %w", err)
	}
	q := &query{
		from: d.from, wire: d.wire, unicast: d.unicast, port: d.port, peer: d.peer, at: d.arrived,
		packet: p,
		kind:   p.MessageType(),
		ciaddr: addrOf(p.ClientIPAddr),
		giaddr: addrOf(p.GatewayIPAddr),
		server: addrOf(p.ServerIdentifier()),
		wants:  addrOf(p.RequestedIPAddress()),
		vendor: exchange.Printable(p.ClassIdentifier()),
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	q.relay = readRelay(p, q.giaddr)
	q.boot = bootRequest(p)
	q.keyed = isIPXE(p) && httpsAlone(p)
	q.lesser = isIPXE(p) && !speaksHTTPS(p)
	return q, nil
}

// check refuses what no client of ours sends.
func (q *query) check() error {
	p := q.packet
	switch {
	case p.OpCode != dhcpv4.OpcodeBootRequest:
		return fmt.Errorf("op is %d, not a request", p.OpCode)
	case p.HWType != iana.HWTypeEthernet || len(p.ClientHWAddr) != 6:
		return fmt.Errorf("hardware type %d with %d bytes is not Ethernet", p.HWType, len(p.ClientHWAddr))
	case machine.MACFrom(p.ClientHWAddr).IsZero() || p.ClientHWAddr[0]&1 != 0:
		return fmt.Errorf("hardware address %s is not an interface's own", p.ClientHWAddr)
	case q.kind == dhcpv4.MessageTypeNone:
		return errors.New("it is BOOTP, without a DHCP message type")
	case p.HopCount > maxHops:
		return fmt.Errorf("it passed %d relays", p.HopCount)
	case q.giaddr.IsValid() && q.giaddr == q.from.server:
		return errLoop
	case q.giaddr.IsValid() && !isHost(q.giaddr):
		return fmt.Errorf("its relay %s is no host", q.giaddr)
	case q.ciaddr.IsValid() && !isHost(q.ciaddr):
		return fmt.Errorf("its own address %s is no host's", q.ciaddr)
	}
	return nil
}

// isHost tells an address that one host on some network may have.
func isHost(a netip.Addr) bool {
	return a.IsGlobalUnicast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// bootRequest is what the packet says of a machine that boots.
func bootRequest(p *dhcpv4.DHCPv4) boot.Request {
	r := boot.Request{
		MAC:   machine.MACFrom(p.ClientHWAddr),
		UUID:  uuid(p.Options.Get(dhcpv4.OptionClientMachineIdentifier)),
		Stage: stage(p),
	}
	if r.Stage == "" {
		return r
	}
	r.Platform = "bios"
	// Option 93 may list several architectures, the preferred one first
	// (RFC 4578 §2.1). Without it the client is a BIOS from before 2006.
	if archs := p.ClientArch(); len(archs) > 0 {
		r.Arch = uint16(archs[0])
	}
	if boot.IsEFI(r.Arch) {
		r.Platform = "efi"
	}
	return r
}

// Vendor classes (option 60) of firmware that boots. What follows them is the
// architecture and the version of UNDI once more.
const (
	classPXE  = "PXEClient"
	classHTTP = "HTTPClient"
)

// stage tells how far a boot has come.
func stage(p *dhcpv4.DHCPv4) boot.Stage {
	switch class := p.ClassIdentifier(); {
	case isIPXE(p) && (speaksHTTP(p) || httpsAlone(p)):
		return boot.StageIPXE
	case strings.HasPrefix(class, classHTTP):
		return boot.StageHTTP
	case strings.HasPrefix(class, classPXE), isIPXE(p):
		return boot.StageFirmware
	default:
		return ""
	}
}

// optionIPXE is option 175, iPXE's own encapsulated options
// (https://ipxe.org/howto/dhcpd).
const optionIPXE = dhcpv4.GenericOptionCode(175)

// isIPXE looks at the user class. RFC 3004 §4 wants each class behind a byte
// with its length; iPXE sends the bare word (QUIRKS: user-class-bare).
func isIPXE(p *dhcpv4.DHCPv4) bool {
	class := p.Options.Get(dhcpv4.OptionUserClassInformation)
	return bytes.Equal(class, []byte("iPXE")) || slices.Contains(p.UserClass(), "iPXE")
}

// speaksHTTP reads the features that iPXE lists in option 175. Builds in the
// flash of some cards have TFTP alone; they get our loader, as any firmware
// does (QUIRKS: ipxe-without-http). Without the list it counts as able: our
// own loaders send one, so nothing can loop.
func speaksHTTP(p *dhcpv4.DHCPv4) bool {
	listed, ok := features(p)
	return !ok || listed.Has(featureHTTP)
}

// speaksHTTPS reads the same list. Debian builds all loaders with HTTPS since
// 2022, those of BIOS too; ROMs lack it for want of room. The release would say
// more, but Debian's loaders all say that they are 1.0.0.
func speaksHTTPS(p *dhcpv4.DHCPv4) bool {
	listed, ok := features(p)
	return !ok || listed.Has(featureHTTPS)
}

// httpsAlone tells a loader that trusts an appliance's own CA, by the features
// that ipxe.Key leaves it. A stock one lists HTTP, too, and has no use for an
// address of ours over HTTPS.
func httpsAlone(p *dhcpv4.DHCPv4) bool {
	listed, ok := features(p)
	return ok && listed.Has(featureHTTPS) && !listed.Has(featureHTTP)
}

// Features of option 175: DHCP_EB_FEATURE_… in iPXE's ipxe/features.h.
const (
	featureHTTP  = dhcpv4.GenericOptionCode(19)
	featureHTTPS = dhcpv4.GenericOptionCode(20)
)

// features reads option 175; false where there is none.
func features(p *dhcpv4.DHCPv4) (listed dhcpv4.Options, ok bool) {
	listed = dhcpv4.Options{}
	raw := p.Options.Get(optionIPXE)
	return listed, raw != nil && listed.FromBytes(raw) == nil
}

// uuid spells option 97: a type byte, 0, and sixteen bytes. They are taken in
// the order in which they come; machine.SameUUID compares either order, for
// firmware does not agree on it (QUIRKS: uuid-byte-order).
func uuid(raw []byte) string {
	if len(raw) != 17 || raw[0] != 0 {
		return ""
	}
	b := raw[1:]
	s := fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
	if machine.PlaceholderUUID(s) {
		return ""
	}
	return s
}

// addrOf is an address of a packet; the zero Addr stands for 0.0.0.0 and none.
func addrOf(ip net.IP) netip.Addr {
	a, ok := netip.AddrFromSlice(ip)
	if a = a.Unmap(); !ok || a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}
