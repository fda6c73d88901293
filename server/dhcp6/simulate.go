package dhcp6

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/boot"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// Simulate tells what a client on a subnet would hear to its Solicit, by the code
// that answers those on the wire. Nothing is sent, counted or kept.
func (s *Server) Simulate(ctx context.Context, subnet *machine.Subnet, f boot.Firmware) (boot.Offer, error) {
	m := &dhcpv6.Message{MessageType: dhcpv6.MessageTypeSolicit}
	for _, o := range []dhcpv6.Option{
		dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr(f.MAC[:])}),
		&dhcpv6.OptIANA{},
		&dhcpv6.OptVendorClass{EnterpriseNumber: enterprise, Data: [][]byte{[]byte(f.Vendor)}},
		dhcpv6.OptClientArchType(iana.Arch(f.Arch)),
	} {
		m.AddOption(o)
	}
	if f.User != "" {
		m.AddOption(&dhcpv6.OptUserClass{UserClasses: [][]byte{[]byte(f.User)}})
		if s.cfg.Secure && boot.IsEFI(f.Arch) { // it is the loader that we gave it
			m.AddOption(dhcpv6.OptRequestedOption(dhcpv6.OptionBootfileURL, dhcpv6.OptionVendorOpts))
		}
	}
	from, relays := s.home(subnet)
	q, err := understand(&datagram{from: from, arrived: s.cfg.Now()}, relays, m)
	if err != nil {
		return boot.Offer{}, err
	}
	dry := &Server{cfg: s.cfg, duid: s.duid}
	dry.cfg.Leases = unwritten{s.cfg.Leases}
	v := dry.answer(ctx, q)
	o := boot.Offer{Who: q.who(), Silent: v.why}
	if v.reply != nil {
		o = boot.Offer{Who: q.who(), File: v.boots, Why: v.why, Server: from.server}
	}
	return o, nil
}

// home is where a client of a subnet would be heard: on one of our networks, or
// through a relay.
func (s *Server) home(subnet *machine.Subnet) (from origin, relays []*dhcpv6.RelayMessage) {
	for _, i := range s.cfg.Interfaces {
		if from = (origin{name: i.Name, server: i.Address}); subnet.Prefix.Contains(i.Address) {
			return from, nil
		}
	}
	return from, []*dhcpv6.RelayMessage{{LinkAddr: subnet.Prefix.Addr().Next().AsSlice()}}
}

// unwritten are leases to which nothing is added.
type unwritten struct{ Leases }

// Offer gives the lease that there is, and otherwise an address that stands for
// any: which one a client gets is decided when it asks.
func (u unwritten) Offer(s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error) {
	if l, ok := u.LeaseOf(s.Name, c.MAC); ok {
		return l, nil
	}
	return lease.New(s, c, netip.IPv6Unspecified(), false, now), nil
}
