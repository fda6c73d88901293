package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/dhcpv6/nclient6"
	"github.com/insomniacslk/dhcp/iana"
)

// request6 asks once by DHCPv6, with retransmissions after 1, 2 and 4 seconds.
// Where nobody answers, an address that the kernel made of a router's prefix does
// as well (RFC 4862).
func request6(ctx context.Context, nic string) (*lease, error) {
	client, err := open6(ctx, nic)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	got, err := client.RapidSolicit(ctx, identify6(client.InterfaceAddr()))
	if err == nil {
		var l *lease
		if l, err = lease6(nic, got, time.Now()); err == nil {
			return l, nil
		}
	}
	if l, found := autoconfigured(nic, time.Now()); found {
		return l, nil
	}
	return nil, err
}

// open6 waits until the NIC's link-local address has been seen to be its own.
func open6(ctx context.Context, nic string) (*nclient6.Client, error) {
	if err := settled(ctx, nic, netip.Addr.IsLinkLocalUnicast); err != nil {
		return nil, fmt.Errorf("no link-local address yet: %w", err)
	}
	return nclient6.New(nic, nclient6.WithTimeout(time.Second), nclient6.WithRetry(3))
}

// identify6 says who asks: by a DUID that is the NIC's own and the same in every
// boot, and as the agent.
func identify6(mac net.HardwareAddr) dhcpv6.Modifier {
	return func(m dhcpv6.DHCPv6) {
		dhcpv6.WithClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: mac})(m)
		dhcpv6.WithUserClass([]byte(whoAsks))(m)
	}
}

// lease6 reads the address out of a Reply.
func lease6(nic string, reply *dhcpv6.Message, now time.Time) (*lease, error) {
	ia := reply.Options.OneIANA()
	if ia == nil {
		return nil, errors.New("the server gives no addresses")
	}
	a := ia.Options.OneAddress()
	if a == nil || a.ValidLifetime == 0 {
		if s := ia.Options.Status(); s != nil && s.StatusCode != iana.StatusSuccess {
			return nil, fmt.Errorf("%w: %s", errRefused, s.StatusCode)
		}
		return nil, errRefused
	}
	address, _ := netip.AddrFromSlice(a.IPv6Addr)
	l := &lease{
		nic: nic, since: now, prefix: netip.PrefixFrom(address, address.BitLen()), dns: reply.Options.DNS(), length: a.ValidLifetime, t1: ia.T1,
	}
	l.renew = func(ctx context.Context, late bool) (*lease, error) { return renew6(ctx, nic, reply, late) }
	return l, nil
}

// renew6 asks the server of a lease for more of it, or any server when it is late
// (RFC 8415 §18.2.4 and §18.2.5).
func renew6(ctx context.Context, nic string, have *dhcpv6.Message, late bool) (*lease, error) {
	client, err := open6(ctx, nic)
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	defer client.Close()
	m, err := dhcpv6.NewMessage(identify6(client.InterfaceAddr()), dhcpv6.WithOption(dhcpv6.OptElapsedTime(0)),
		dhcpv6.WithRequestedOptions(dhcpv6.OptionDNSRecursiveNameServer), dhcpv6.WithOption(have.Options.OneIANA()))
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	if m.MessageType = dhcpv6.MessageTypeRebind; !late {
		m.MessageType = dhcpv6.MessageTypeRenew
		m.AddOption(dhcpv6.OptServerID(have.Options.ServerID()))
	}
	reply, err := client.SendAndRead(ctx, client.RemoteAddr(), m, nclient6.IsMessageType(dhcpv6.MessageTypeReply))
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	l, err := lease6(nic, reply, time.Now())
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	return l, nil
}
