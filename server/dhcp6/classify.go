package dhcp6

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/lease"
)

// query is a packet, understood.
type query struct {
	from   origin
	peer   netip.AddrPort
	toUs   bool // it was sent to an address of ours, not to a group
	at     time.Time
	relays []*dhcpv6.RelayMessage // outermost first

	msg    *dhcpv6.Message
	client dhcpv6.DUID
	duid   []byte
	boot   boot.Request
	vendor string // printable
	keyed  bool   // it is iPXE that fetches over HTTPS alone
}

// lessee is who asks, as package lease sees it.
func (q *query) lessee(wants netip.Addr) lease.Client {
	return lease.Client{MAC: q.boot.MAC, ClientID: fmt.Sprintf("%x", q.duid), Hostname: q.hostname(), Wants: wants}
}

// served tells whether the client may have an address.
func (q *query) served(v verdict) bool {
	class := ""
	if slices.ContainsFunc(q.msg.Options.UserClasses(), func(b []byte) bool { return string(b) == boot.AgentClass }) {
		class = boot.AgentClass
	}
	return v.decision.Serves(q.boot.Stage, class)
}

// isBoot tells whether firmware or a boot loader asks, not an operating system.
func (q *query) isBoot() bool { return q.boot.Stage != "" }

// maxDUID is the most bytes of a DUID (RFC 8415 §11.1), with its type.
const maxDUID = 130

// classify understands a packet. Who is not a boot client gets no stage.
func classify(d *datagram) (*query, error) {
	if tooDeep(d.payload) {
		return nil, fmt.Errorf("it passed %d relays", d.payload[atHops])
	}
	p, err := dhcpv6.FromBytes(d.payload)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	relays, m, err := unwrap(p)
	if err != nil {
		return nil, err
	}
	return understand(d, relays, m)
}

// understand reads the message of a client.
func understand(d *datagram, relays []*dhcpv6.RelayMessage, m *dhcpv6.Message) (*query, error) {
	q := &query{
		from: d.from, peer: d.peer, toUs: d.to.IsValid() && !d.to.IsMulticast(), at: d.arrived,
		relays: relays, msg: m, client: m.Options.ClientID(), vendor: vendorClass(m),
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	q.boot = bootRequest(q)
	q.keyed = q.boot.Stage == boot.StageIPXE && httpsAlone(m)
	return q, nil
}

// check refuses what RFC 8415 §16 tells servers to discard.
func (q *query) check() error {
	kind, server := q.msg.MessageType, q.msg.Options.ServerID()
	if q.client != nil {
		if q.duid = q.client.ToBytes(); len(q.duid) < 3 || len(q.duid) > maxDUID {
			return fmt.Errorf("its DUID has %d bytes", len(q.duid))
		}
	}
	switch kind {
	case dhcpv6.MessageTypeSolicit, dhcpv6.MessageTypeConfirm, dhcpv6.MessageTypeRebind:
		if server != nil {
			return fmt.Errorf("a %s names a server", kind)
		}
	case dhcpv6.MessageTypeRequest, dhcpv6.MessageTypeRenew, dhcpv6.MessageTypeRelease, dhcpv6.MessageTypeDecline:
		if server == nil {
			return fmt.Errorf("a %s names no server", kind)
		}
	case dhcpv6.MessageTypeInformationRequest:
		if q.msg.Options.GetOne(dhcpv6.OptionIANA) != nil || q.msg.Options.GetOne(dhcpv6.OptionIATA) != nil || q.msg.Options.GetOne(dhcpv6.OptionIAPD) != nil {
			return errors.New("an Information-request wants addresses")
		}
		return nil // a client may stay unnamed there
	default:
		return fmt.Errorf("message type %s is not a client's", kind)
	}
	if q.client == nil {
		return fmt.Errorf("a %s names no client", kind)
	}
	return nil
}

// bootRequest is what the packet says of a machine that boots.
func bootRequest(q *query) boot.Request {
	r := boot.Request{MAC: q.identify(), UUID: uuid(q.client), Stage: stage(q.msg)}
	if r.Stage == "" {
		r.UUID = "" // an operating system makes its own
		return r
	}
	r.Platform = "bios"
	// Option 61 may list several architectures, the preferred one first
	// (RFC 5970 §3.3).
	if archs := q.msg.Options.ArchTypes(); len(archs) > 0 {
		r.Arch = uint16(archs[0])
	}
	if boot.IsEFI(r.Arch) {
		r.Platform = "efi"
	}
	return r
}

// Vendor classes (option 16) of firmware that boots, with enterprise number 343,
// Intel's (UEFI 2.10 §24.3.2 and §24.7.2). What follows them is the architecture
// and the version of UNDI once more.
const (
	classPXE   = "PXEClient"
	classHTTP  = "HTTPClient"
	enterprise = 343
)

// stage tells how far a boot has come. iPXE lists no features by DHCPv6: whoever
// says its name counts as able to fetch a script.
func stage(m *dhcpv6.Message) boot.Stage {
	switch class := vendorClass(m); {
	case slices.ContainsFunc(m.Options.UserClasses(), func(b []byte) bool { return bytes.Equal(b, []byte("iPXE")) }):
		return boot.StageIPXE
	case strings.HasPrefix(class, classHTTP):
		return boot.StageHTTP
	case strings.HasPrefix(class, classPXE), len(m.Options.ArchTypes()) > 0:
		return boot.StageFirmware
	default:
		return ""
	}
}

// httpsAlone tells a loader that trusts an appliance's own CA, by the options that
// ipxe.Key has it ask for. A stock one asks for parameters of the boot file, and
// has no use for an address of ours over HTTPS.
func httpsAlone(m *dhcpv6.Message) bool {
	asked := m.Options.RequestedOptions()
	return slices.Contains(asked, dhcpv6.OptionVendorOpts) && !slices.Contains(asked, dhcpv6.OptionBootfileParam)
}

// vendorClass is the first vendor class, printable.
func vendorClass(m *dhcpv6.Message) string {
	for _, v := range m.Options.VendorClasses() {
		for _, data := range v.Data {
			return exchange.Printable(string(data))
		}
	}
	return ""
}

// wants is the first address that the client names in an association, if any.
func wants(ia *dhcpv6.OptIANA) netip.Addr {
	if a := ia.Options.OneAddress(); a != nil {
		return addrOf(a.IPv6Addr)
	}
	return netip.Addr{}
}

// hostname is the first label of the name that a client gives itself (RFC 4704),
// if that is a plain one.
func (q *query) hostname() string {
	o := q.msg.Options.FQDN()
	if o == nil || o.DomainName == nil || len(o.DomainName.Labels) == 0 {
		return ""
	}
	return exchange.Label(o.DomainName.Labels[0])
}
