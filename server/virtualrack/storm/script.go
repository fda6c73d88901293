package storm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	// maxScripts is how many scripts may follow one another.
	maxScripts = 10
	maxScript  = 64 << 10
	scriptWait = 10 * time.Second
)

// pauses are how long the entry script waits after each failure.
var pauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// scripts follows the scripts to where one loads a system or starts the disk.
func (w *wires) scripts(ctx context.Context, n *node, l lease) (retries int, err error) {
	for {
		if err = w.follow(ctx, n, l); err == nil || retries == len(pauses) {
			return retries, err
		}
		if _, ok := wait[struct{}](ctx, nil, time.Now().Add(pauses[retries])); !ok && ctx.Err() != nil {
			return retries, err
		}
		retries++
	}
}

// follow asks for all scripts over one connection, as iPXE does.
func (w *wires) follow(ctx context.Context, n *node, l lease) error {
	next, err := url.Parse(l.file)
	if err != nil {
		return fmt.Errorf("the file name is no URL: %w", err)
	}
	d := net.Dialer{Timeout: scriptWait, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.address, 0))}
	conn, err := d.DialContext(ctx, "tcp4", next.Host+portOf(next))
	if err != nil {
		return reason(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(scriptWait))
	in := bufio.NewReader(conn)
	for range maxScripts {
		text, err := get(conn, in, next)
		if err != nil {
			return reason(err)
		}
		chain, err := n.Follow(text)
		if err != nil || chain == "" {
			return err
		}
		if next, err = url.Parse(chain); err != nil {
			return fmt.Errorf("a script chains to no URL: %w", err)
		}
	}
	return fmt.Errorf("%d scripts and no end", maxScripts)
}

func portOf(u *url.URL) string {
	if u.Port() == "" {
		return ":80"
	}
	return ""
}

// get asks once. Package http's client would cost a machine more than the rest
// of its boot.
func get(conn io.Writer, in *bufio.Reader, u *url.URL) (string, error) {
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: iPXE/1.21.1\r\nConnection: keep-alive\r\n\r\n", u.RequestURI(), u.Host); err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxScript))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", u.Path, resp.Status)
	}
	return string(text), err
}

// reason drops addresses and ports from an error, so that all of a kind are one
// row.
func reason(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		if op.Timeout() {
			return fmt.Errorf("HTTP %s: no answer within %s", op.Op, scriptWait)
		}
		return fmt.Errorf("HTTP %s: %w", op.Op, op.Err)
	}
	return err
}
