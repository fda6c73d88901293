package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// request4 asks once, with retransmissions after 2, 4, 8 and 16 seconds.
func request4(ctx context.Context, nic string) (*lease, error) {
	client, err := nclient4.New(nic, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(4))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	got, err := client.Request(ctx, identify)
	if err != nil {
		return nil, err
	}
	// BMCs answer DHCP on the USB NIC that leads to themselves, with an address
	// of this range; it leads nowhere else.
	if got.ACK.YourIPAddr.IsLinkLocalUnicast() {
		return nil, fmt.Errorf("%s is an address for this machine's BMC only", got.ACK.YourIPAddr)
	}
	return lease4(nic, got, time.Now()), nil
}

func lease4(nic string, got *nclient4.Lease, now time.Time) *lease {
	ack := got.ACK
	l := &lease{nic: nic, since: now, length: ack.IPAddressLeaseTime(time.Hour), t1: ack.IPAddressRenewalTime(0), dns: ack.DNS()}
	ones, _ := ack.SubnetMask().Size()
	address, _ := netip.AddrFromSlice(ack.YourIPAddr)
	l.prefix = netip.PrefixFrom(address.Unmap(), ones)
	if routers := ack.Router(); len(routers) > 0 {
		l.router = routers[0]
	}
	// Every frame of the client is a broadcast, so that REBINDING would send the
	// same bytes.
	l.renew = func(ctx context.Context, _ bool) (*lease, error) { return renew4(ctx, nic, got) }
	return l
}

func renew4(ctx context.Context, nic string, have *nclient4.Lease) (*lease, error) {
	client, err := nclient4.New(nic, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(3))
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	defer client.Close()
	got, err := client.Renew(ctx, have, identify)
	if nak, ok := errors.AsType[*nclient4.ErrNak](err); ok {
		return nil, fmt.Errorf("renew: %w: %w", errRefused, nak)
	}
	if err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	return lease4(nic, got, time.Now()), nil
}

func identify(m *dhcpv4.DHCPv4) { m.UpdateOption(dhcpv4.OptClassIdentifier(whoAsks)) }
