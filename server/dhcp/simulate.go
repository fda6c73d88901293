package dhcp

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/boot"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// Simulate tells what a client on a subnet would hear to its DISCOVER, by the
// code that answers those on the wire. Nothing is sent, counted or kept.
func (s *Server) Simulate(ctx context.Context, subnet *machine.Subnet, f boot.Firmware) (boot.Offer, error) {
	from, relay := s.home(subnet)
	p, err := dhcpv4.New(
		dhcpv4.WithHwAddr(f.MAC[:]), dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover),
		dhcpv4.WithOption(dhcpv4.OptClassIdentifier(f.Vendor)), dhcpv4.WithOption(dhcpv4.OptClientArch(iana.Arch(f.Arch))),
	)
	if err != nil {
		return boot.Offer{}, err
	}
	if f.User != "" {
		p.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionUserClassInformation, []byte(f.User)))
		if s.cfg.Secure && boot.IsEFI(f.Arch) { // it is the loader that we gave it
			p.UpdateOption(dhcpv4.OptGeneric(optionIPXE, []byte{byte(featureHTTPS), 1, 1}))
		}
	}
	if relay.IsValid() {
		p.GatewayIPAddr = slice(relay)
	}
	d := &datagram{from: from, arrived: s.cfg.Now()}
	raw := p.ToBytes()
	if d.size = copy(d.buffer[:], raw); d.size < len(raw) {
		return boot.Offer{}, fmt.Errorf("a packet of %d bytes is longer than a client sends", len(raw))
	}
	q, err := classify(d)
	if err != nil {
		return boot.Offer{}, err
	}
	dry := &Server{cfg: s.cfg}
	dry.cfg.Leases = unwritten{s.cfg.Leases}
	v := dry.answer(ctx, q)
	o := boot.Offer{Who: q.who(), Silent: v.why}
	if v.reply != nil {
		o = boot.Offer{Who: q.who(), File: v.boots, Why: v.why, Server: v.reply.server}
		if q.boot.Stage != boot.StageIPXE {
			o.Signed = s.signed(q, v)
		}
	}
	return o, nil
}

// home is where a client of a subnet would be heard: on one of our networks, or
// through a relay.
func (s *Server) home(subnet *machine.Subnet) (from origin, relay netip.Addr) {
	for _, o := range s.homes {
		if subnet.Prefix.Contains(o.server) {
			return o, relay
		}
	}
	if relay = subnet.Gateway; !relay.IsValid() {
		relay = subnet.Prefix.Addr().Next()
	}
	if len(s.homes) > 0 {
		from = s.homes[0]
	}
	return from, relay
}

// unwritten are leases to which nothing is added.
type unwritten struct{ Leases }

// Offer gives the lease that there is, and otherwise no address: which one a
// client gets is decided when it asks.
func (u unwritten) Offer(s *machine.Subnet, c lease.Client, _ time.Time) (lease.Lease, error) {
	l, _ := u.LeaseOf(s.Name, c.MAC)
	return l, nil
}

// Careful spares the network a probe.
func (unwritten) Careful(time.Time) bool { return false }
