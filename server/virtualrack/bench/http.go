package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	imageName  = "bench"
	imageBytes = 1 << 30
)

var httpWork = work{
	name: "http", unit: "MB/s",
	method: "1 GiB from the page cache over 4 connections at once, read by one Go client that shares the machine; the best of three rounds",
	ours:   oursHTTP,
	peers:  []peer{{"nginx", "nginx", "nginx-light", theirNginx}},
}

func oursHTTP(ctx context.Context, b *bench) (float64, error) {
	dir := b.path("state/images")
	if err := writeImage(dir); err != nil {
		return 0, err
	}
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return 0, err
	}
	defer a.Stop() //nolint:errcheck // Close stops it again, and tells
	return b.downloads(ctx, "/boot/images/"+imageName)
}

// writeImage lays an image into the appliance's folder, which the peer serves
// from as well. Its bytes are there, not a hole.
func writeImage(dir string) error {
	f, err := os.Create(filepath.Join(dir, imageName+".raw.zst"))
	if err != nil {
		return err
	}
	block := []byte(strings.Repeat("firstlight bench ", 1<<16))[:1<<20]
	for range imageBytes / len(block) {
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	manifest, err := json.Marshal(map[string]any{
		"name": imageName, "arch": "amd64", "file": imageName + ".raw.zst", "compressed": imageBytes, "bytes": imageBytes,
		"sha256": strings.Repeat("0", 64), "compressed_sha256": strings.Repeat("0", 64),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, imageName+".json"), manifest, 0o644)
}

const nginxConf = `daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path %[1]s/nginx; proxy_temp_path %[1]s/nginx; fastcgi_temp_path %[1]s/nginx; uwsgi_temp_path %[1]s/nginx; scgi_temp_path %[1]s/nginx;
  server { listen %[2]s:80; root %[3]s; }
}
`

func theirNginx(ctx context.Context, b *bench, p peer) (float64, error) {
	c, err := b.nginx(ctx, p, b.path("state/images"))
	if err != nil {
		return 0, err
	}
	defer c.stop()
	return b.downloads(ctx, "/"+imageName+".raw.zst")
}

// nginx serves a folder.
func (b *bench) nginx(ctx context.Context, p peer, root string) (*contestant, error) {
	if err := os.WriteFile(b.path("nginx.conf"), fmt.Appendf(nil, nginxConf, b.Dir, b.rack.Address(), root), 0o644); err != nil {
		return nil, err
	}
	return b.start(ctx, b.answersTCP(80), nil, p.program, "-p", b.Dir, "-e", "stderr", "-c", b.path("nginx.conf"))
}

func (b *bench) downloads(ctx context.Context, path string) (float64, error) {
	const atOnce = 4
	best := 0.0
	for range 3 {
		began := time.Now()
		g, ctx := errgroup.WithContext(ctx)
		for range atOnce {
			g.Go(func() error { return download(ctx, "http://"+b.rack.Address().String()+path) })
		}
		if err := g.Wait(); err != nil {
			return 0, err
		}
		best = max(best, atOnce*imageBytes/1e6/time.Since(began).Seconds())
	}
	return best, nil
}

func download(ctx context.Context, url string) error {
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ReadBufferSize: 256 << 10}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := web.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, make([]byte, 256<<10))
	if err == nil && (resp.StatusCode != http.StatusOK || n != imageBytes) {
		err = fmt.Errorf("GET %s: %s and %d bytes", url, resp.Status, n)
	}
	return err
}
