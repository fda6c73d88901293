package bench

import (
	"context"
	"errors"
)

// dnsmasqDHCP serves the appliance's subnet and pool, without looking whether
// somebody is on an address: the others do not look either.
func dnsmasqDHCP(ctx context.Context, b *bench, p peer) (float64, error) {
	return b.dnsmasq(ctx, p, b.givesLeases, b.perfdhcp,
		"--interface=boot0", "--dhcp-range=10.80.16.0,10.80.255.250,255.255.0.0,1h", "--dhcp-lease-max=65536",
		"--dhcp-leasefile="+b.path("dnsmasq.leases"), "--dhcp-authoritative", "--no-ping", "--quiet-dhcp")
}

// dnsmasqTFTP serves the loader that the appliance served.
func dnsmasqTFTP(ctx context.Context, b *bench, p peer) (float64, error) {
	return b.dnsmasq(ctx, p, b.givesLoader, b.transfers,
		"--listen-address="+b.rack.Address().String(), "--enable-tftp", "--tftp-root="+b.path("tftp"), "--tftp-max=1000")
}

// dnsmasq measures a dnsmasq that serves no names.
func (b *bench) dnsmasq(ctx context.Context, p peer, answers func(context.Context) error, measure func(context.Context) (float64, error), args ...string) (float64, error) {
	c, err := b.start(ctx, answers, nil, p.program, append([]string{"--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--bind-interfaces", "--pid-file"}, args...)...)
	if err != nil {
		return 0, err
	}
	defer c.stop()
	return measure(ctx)
}

// givesLeases proves that something answers DHCP.
func (b *bench) givesLeases(ctx context.Context) error {
	got, _, err := b.exchanges(ctx, 5, 1)
	if err == nil && got == 0 {
		err = errors.New("it gives no lease")
	}
	return err
}
