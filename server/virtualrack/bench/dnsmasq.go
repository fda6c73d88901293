package bench

import "context"

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
