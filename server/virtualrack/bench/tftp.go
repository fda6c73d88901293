package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/pin/tftp/v3"
	"golang.org/x/sync/errgroup"
)

// loader is the file of the TFTP work: one that the appliance has and serves.
const loader = "snponly.efi"

const (
	tftpTransfers = 800
	tftpAtOnce    = 50
)

var tftpWork = work{
	name: "tftp", unit: "kB/s",
	method: fmt.Sprintf("%d transfers of %s, %d at once, 1468-byte blocks, from one Go client that shares the machine", tftpTransfers, loader, tftpAtOnce),
	ours:   oursTFTP,
	peers: []peer{
		{"tftpd-hpa", "in.tftpd", "tftpd-hpa", theirTFTPD},
		{"dnsmasq", "dnsmasq", "dnsmasq-base", dnsmasqTFTP},
	},
}

func oursTFTP(ctx context.Context, b *bench) (float64, error) {
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return 0, err
	}
	defer a.Stop() //nolint:errcheck // Close stops it again, and tells
	// The peer serves the same bytes.
	dir := b.path("tftp")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	f, err := os.Create(filepath.Join(dir, loader))
	if err != nil {
		return 0, err
	}
	_, err = b.transfer(f)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return 0, err
	}
	return b.transfers(ctx)
}

func theirTFTPD(ctx context.Context, b *bench, p peer) (float64, error) {
	c, err := b.start(ctx, b.givesLoader, nil,
		p.program, "--foreground", "--listen", "--user", "root", "--address", b.rack.Address().String()+":69", "--secure", b.path("tftp"))
	if err != nil {
		return 0, err
	}
	defer c.stop()
	return b.transfers(ctx)
}

// transfers is the best of three rounds.
func (b *bench) transfers(ctx context.Context) (float64, error) {
	best := 0.0
	for range 3 {
		began, bytes := time.Now(), make([]int64, tftpTransfers)
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(tftpAtOnce)
		for i := range bytes {
			g.Go(func() (err error) {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				bytes[i], err = b.transfer(io.Discard)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return 0, err
		}
		total := int64(0)
		for _, n := range bytes {
			total += n
		}
		best = max(best, float64(total)/1e3/time.Since(began).Seconds())
	}
	return best, nil
}

// givesLoader proves that something serves the file.
func (b *bench) givesLoader(context.Context) error {
	_, err := b.transfer(io.Discard)
	return err
}

func (b *bench) transfer(to io.Writer) (int64, error) {
	c, err := tftp.NewClient(netip.AddrPortFrom(b.rack.Address(), 69).String())
	if err != nil {
		return 0, err
	}
	c.SetBlockSize(1468)
	c.SetTimeout(2 * time.Second)
	from, err := c.Receive(loader, "octet")
	if err != nil {
		return 0, err
	}
	return from.WriteTo(to)
}

// answersTCP proves that something listens.
func (b *bench) answersTCP(port uint16) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", netip.AddrPortFrom(b.rack.Address(), port).String())
		if err == nil {
			err = c.Close()
		}
		return err
	}
}
