package light

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"firstlight/agent/patience"

	"github.com/pin/tftp/v3"
)

// maxScripts is how many scripts may follow one another in a boot.
const maxScripts = 50

// netboot goes from power-on to what the network wants booted.
func (m *Machine) netboot(ctx context.Context) (outcome, error) {
	if m.has(LoaderLoop) {
		return outcome{}, m.loopLoader(ctx)
	}
	if err := m.loadLoader(ctx); err != nil {
		return outcome{}, err
	}
	if err := m.stuck(ctx, NoDriver, OtherLoader); err != nil {
		return outcome{}, err
	}
	l, release, err := m.address(ctx, m.ipxe())
	if err != nil {
		return outcome{}, err
	}
	defer release()
	if err := m.stuck(ctx, NoHTTP); err != nil {
		return outcome{}, err
	}
	web := newWeb(l.address)
	defer web.CloseIdleConnections()
	next := l.file
	for range maxScripts {
		o, err := m.follow(ctx, web, next)
		if err != nil {
			return outcome{}, err
		}
		if err := patience.Wait(ctx, o.pause); err != nil {
			return outcome{}, err
		}
		if o.chain == "" {
			return o, m.loadSystem(ctx, web, o)
		}
		next = o.chain
	}
	return outcome{}, fmt.Errorf("%d scripts and no end", maxScripts)
}

// loadSystem is kernel and initramfs, where nothing is wrong with them.
func (m *Machine) loadSystem(ctx context.Context, web *http.Client, o outcome) error {
	if o.kernel == "" {
		return nil
	}
	if err := m.stuck(ctx, Stops); err != nil {
		return err
	}
	if m.has(GoneKernel) {
		if _, err := get(ctx, web, http.MethodGet, o.kernel+".old", bounded); err == nil {
			return errors.New("a kernel came that should not be there")
		}
		return hang(ctx)
	}
	if m.has(CutKernel) {
		if err := cut(ctx, web, o.kernel); err != nil {
			return err
		}
		web.CloseIdleConnections()
		return hang(ctx)
	}
	if err := m.load(ctx, web, o); err != nil {
		return err
	}
	if m.has(CrashLoop) && m.Boots() < loops {
		return errCrash
	}
	return m.stuck(ctx, SilentAgent, CrashLoop)
}

var errCrash = errors.New("the kernel panics")

// loadLoader is the firmware's part: an address, and a boot loader by TFTP.
func (m *Machine) loadLoader(ctx context.Context) error {
	l, release, err := m.address(ctx, m.firmware())
	if err != nil {
		return err
	}
	defer release()
	if err := m.stuck(ctx, NoTFTP); err != nil {
		return err
	}
	l.file = m.loaderName(l.file)
	n, err := m.tftp(ctx, l)
	if err != nil && (m.has(WrongFile) || m.has(CutLoader)) {
		return hang(ctx)
	}
	if err != nil {
		return fmt.Errorf("TFTP %s from %s: %w", l.file, l.server, err)
	}
	m.console.Printf("TFTP %s: %d bytes", l.file, n)
	return nil
}

func (m *Machine) tftp(ctx context.Context, l lease) (int64, error) {
	c, err := tftp.NewClient(netip.AddrPortFrom(l.server, 69).String())
	if err != nil {
		return 0, err
	}
	if err := c.SetLocalAddr(l.address.String()); err != nil {
		return 0, err
	}
	c.SetBlockSize(1468) // what PXE ROMs ask for on Ethernet
	c.RequestTSize(true)
	c.SetTimeout(2 * time.Second)
	from, err := c.Receive(l.file, "octet")
	if err != nil {
		return 0, err
	}
	if m.has(CutLoader) {
		return from.WriteTo(cutter{})
	}
	return from.WriteTo(dropper{ctx})
}

// cutter takes nothing.
type cutter struct{}

func (cutter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// dropper takes bytes until its context ends, so that a machine that goes dark
// stops asking for more.
type dropper struct{ ctx context.Context } //nolint:containedctx // io.Writer has no other way to end

func (d dropper) Write(b []byte) (int, error) { return len(b), d.ctx.Err() }

// newWeb is HTTP from one machine's address.
func newWeb(from netip.Addr) *http.Client {
	d := &net.Dialer{Timeout: 5 * time.Second, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, MaxIdleConns: 1}, Timeout: 30 * time.Second}
}

const maxScript = 64 << 10

// follow fetches a script and reads where it leads. A network that is not up to
// it is asked again, as the entry script does.
func (m *Machine) follow(ctx context.Context, web *http.Client, address string) (outcome, error) {
	text, err := get(ctx, web, http.MethodGet, address, maxScript)
	for pause := time.Second; err != nil && pause <= 32*time.Second; pause *= 2 {
		if err := patience.Wait(ctx, pause); err != nil {
			return outcome{}, err
		}
		text, err = get(ctx, web, http.MethodGet, address, maxScript)
	}
	if err != nil {
		return outcome{}, err
	}
	return interpret(string(text), m.settings())
}

// bounded is how much of a kernel or an initramfs is really fetched: enough for
// the server to open, range and send it.
const bounded = 256 << 10

func (m *Machine) load(ctx context.Context, web *http.Client, o outcome) error {
	for _, file := range append([]string{o.kernel}, o.initramfs...) {
		if file == "" {
			continue
		}
		if m.spec.Whole {
			if err := whole(ctx, web, file); err != nil {
				return err
			}
			continue
		}
		if _, err := get(ctx, web, http.MethodHead, file, 0); err != nil {
			return err
		}
		if _, err := get(ctx, web, http.MethodGet, file, bounded); err != nil {
			return err
		}
	}
	return nil
}

// wholeTime bounds a whole file: machines that share a link take minutes.
const wholeTime = 5 * time.Minute

// whole fetches all of a file. Its ETag is the hash of what it must be.
func whole(ctx context.Context, web *http.Client, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", userAgent)
	patient := *web
	patient.Timeout = wholeTime
	resp, err := patient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	h := sha256.New()
	if _, err := io.Copy(h, resp.Body); err != nil {
		return fmt.Errorf("GET %s: %w", address, err)
	}
	if got, want := fmt.Sprintf("%q", hex.EncodeToString(h.Sum(nil))), resp.Header.Get("ETag"); resp.StatusCode != http.StatusOK || got != want {
		return fmt.Errorf("GET %s: %s, with the hash %s, want %s", address, resp.Status, got, want)
	}
	return nil
}

const userAgent = "iPXE/1.21.1"

// get reads an answer, or its first bytes where it is asked for a bound.
func get(ctx context.Context, web *http.Client, method, address string, bound int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	if bound == bounded {
		req.Header.Set("Range", fmt.Sprintf("bytes=0-%d", bound-1))
	}
	resp, err := web.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, bound))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s", method, address, resp.Status)
	}
	return b, err
}
