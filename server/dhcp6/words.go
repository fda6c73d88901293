package dhcp6

import (
	"fmt"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/boot"
	"firstlight/server/exchange"
)

// who words a client for the timeline: "UEFI x64", "iPXE on UEFI x64".
func (q *query) who() string {
	arch := boot.ArchName(q.boot.Arch)
	switch q.boot.Stage {
	case boot.StageFirmware:
		return arch
	case boot.StageHTTP:
		return arch + " HTTP boot"
	case boot.StageIPXE:
		return "iPXE on " + arch
	default: // a system; GRUB goes on with the firmware's address
		return "DHCPv6 client"
	}
}

// summary words a packet in one line.
func summary(payload []byte) string {
	if tooDeep(payload) {
		return fmt.Sprintf("%d bytes that passed too many relays", len(payload))
	}
	p, err := dhcpv6.FromBytes(payload)
	if err != nil {
		return fmt.Sprintf("%d bytes that are not DHCPv6", len(payload))
	}
	m, err := p.GetInnerMessage()
	if err != nil {
		return p.Type().String() + " without a message"
	}
	text := m.MessageType.String()
	about := func(name, value string) {
		if value != "" {
			text += ", " + name + " " + value
		}
	}
	for _, ia := range m.Options.IANA() {
		for _, a := range ia.Options.Addresses() {
			about("address", addrText(addrOf(a.IPv6Addr)))
		}
		if st := ia.Options.Status(); st != nil {
			about("status", st.StatusCode.String())
		}
	}
	if st := m.Options.Status(); st != nil {
		about("status", st.StatusCode.String())
	}
	about("class", vendorClass(m))
	if t := m.Options.ElapsedTime(); t > 0 {
		about("asking for", t.String())
	}
	about("boots", exchange.Printable(m.Options.BootFileURL()))
	if p.IsRelay() {
		text += ", through a relay"
	}
	return text
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
