package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	scriptPath     = "/boot/script"
	scriptClients  = 16 // at once; one address may have 64 connections
	scriptMachines = 1000
	scriptFor      = 5 * time.Second
)

var scriptWork = work{
	name: "script", unit: "boot scripts/s",
	method: fmt.Sprintf("%d machines that nobody knows ask in turn over %d connections, %s long, by one Go client that shares the machine; the best of three rounds; the appliance decides for each and writes it down, nginx sends one file of the same bytes", scriptMachines, scriptClients, scriptFor),
	ours:   oursScript,
	peers:  []peer{{"nginx", "nginx", "nginx-light", theirScript}},
}

func scriptOf(machine int) string {
	return fmt.Sprintf("%s?mac=02-62-00-00-%02x-%02x&platform=efi", scriptPath, machine>>8&0xff, machine&0xff)
}

func oursScript(ctx context.Context, b *bench) (float64, error) {
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return 0, err
	}
	defer a.Stop() //nolint:errcheck // Close stops it again, and tells
	text, err := b.get(ctx, b.booting(), scriptOf(0))
	if err != nil {
		return 0, err
	}
	dir := filepath.Join(b.path("script"), filepath.Dir(scriptPath))
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(b.path("script"), scriptPath), text, 0o644)); err != nil {
		return 0, err
	}
	return b.scripts(ctx)
}

func theirScript(ctx context.Context, b *bench, p peer) (float64, error) {
	c, err := b.nginx(ctx, p, b.path("script"))
	if err != nil {
		return 0, err
	}
	defer c.stop()
	return b.scripts(ctx)
}

// scripts is how many scripts come in a second.
func (b *bench) scripts(ctx context.Context) (best float64, err error) {
	for range 3 {
		got, err := b.askFor(ctx, scriptFor)
		if err != nil {
			return 0, err
		}
		best = max(best, float64(got)/scriptFor.Seconds())
	}
	return best, nil
}

// askFor asks for scripts for so long.
func (b *bench) askFor(ctx context.Context, long time.Duration) (int64, error) {
	web := b.booting()
	defer web.CloseIdleConnections()
	var got atomic.Int64
	end := time.Now().Add(long)
	g, ctx := errgroup.WithContext(ctx)
	for n := range scriptClients {
		g.Go(func() error {
			for i := n; time.Now().Before(end); i += scriptClients {
				if _, err := b.get(ctx, web, scriptOf(i%scriptMachines)); err != nil {
					return err
				}
				got.Add(1)
			}
			return nil
		})
	}
	err := g.Wait()
	return got.Load(), err
}

// booting is a client on the boot network: who asks from elsewhere is told
// nothing.
func (b *bench) booting() *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: b.here.AsSlice()}}
	return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: scriptClients}}
}

// get reads what stands at a path of whoever stands at the appliance's address.
func (b *bench) get(ctx context.Context, web *http.Client, path string) ([]byte, error) {
	return fetch(ctx, web, "http://"+b.rack.Address().String()+path)
}

// fetch reads what stands at a URL.
func fetch(ctx context.Context, web *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := web.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", url, resp.Status, text)
	}
	return text, err
}
