// Package redfish is the out-of-band controller for BMCs that speak Redfish
// (DMTF DSP0266), on gofish. Only the wiring imports it.
//
// It logs in with Basic over TLS at each request and opens no session. A BMC
// has few session slots (iDRAC 8, Lenovo XCC 16) and keeps a lost one for half
// an hour, so a client that is killed leaks what it held until the BMC refuses
// everybody (Foreman #37486, RAC0218); what was never opened cannot leak. The
// price: a BMC whose owner has switched Basic off answers 401 as if the password
// were wrong, and the remedy is to switch it on.
//
// What a BMC answers is a stranger's bytes: bodies and headers are capped,
// redirects refused, links to other hosts refused (gofish glues the BMC's links
// to the address as text, so a link "@evil.example/" would carry the password
// away), collections bounded, every operation timed. A 401 ends the controller:
// nothing is sent after it, because a third one locks the account.
package redfish

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/stmcginnis/gofish"

	"firstlight/server/oob"
)

// Config says which BMC, as whom, and how patiently.
type Config struct {
	Address  string // host, host:port or https://host:port
	User     string
	Password oob.Secret
	// Pin is the SHA-256 of the BMC's certificate in hex, as Controller.Pin
	// returned it once; empty trusts the certificate of this first contact.
	Pin string
	// Serial and UUID say whose BMC is meant. With either set, a BMC that has no
	// such machine is refused; a chassis of several machines needs one.
	Serial, UUID string
	Timeout      time.Duration // of one operation; 30 s when zero
	// Settle is the pause before a setting that a BMC accepted but does not show
	// yet is read again; 1 s when zero.
	Settle time.Duration
	// Transport replaces the network, and with it TLS and the pin; for tests.
	Transport http.RoundTripper
}

const (
	defaultTimeout = 30 * time.Second
	defaultSettle  = time.Second
	// settleReads is how often a setting is read before the BMC counts as lying.
	settleReads = 5
)

// Controller is one BMC, logged in, and the one machine of it that was meant.
type Controller struct {
	cfg    Config
	host   string
	guard  *guard
	api    *gofish.APIClient
	vendor string // of the Redfish service, for quirks
	system string // path of the machine
}

// Dial logs in at the BMC and finds the machine. The error is
// oob.ErrUnreachable, oob.ErrCredentials, oob.ErrUnsupported, a
// *CertificateChangedError, or says in words what is wrong.
func Dial(ctx context.Context, cfg Config) (*Controller, error) {
	base, err := cfg.check()
	if err != nil {
		return nil, err
	}
	g := newGuard(base, cfg)
	c := &Controller{cfg: cfg, host: base.Host, guard: g}
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	if err := c.connect(ctx, base.String()); err != nil {
		g.closeIdle()
		return nil, c.explain("log in at", err)
	}
	return c, nil
}

// connect reads the service root, which is open to all, then finds the machine,
// which proves the log-in.
func (c *Controller) connect(ctx context.Context, endpoint string) error {
	api, err := gofish.ConnectContext(ctx, gofish.ClientConfig{
		Endpoint: endpoint, Username: c.cfg.User, Password: string(c.cfg.Password),
		BasicAuth: true, ReuseConnections: true, NoModifyTransport: true,
		HTTPClient: &http.Client{Transport: c.guard, CheckRedirect: refuseRedirect},
	})
	if err != nil {
		return err
	}
	c.api = api
	return c.findSystem(api)
}

// Pin returns the SHA-256 of the certificate that this BMC showed, in hex, to be
// stored and given as Config.Pin from now on. It is empty without TLS.
func (c *Controller) Pin() string { return c.guard.seenPin() }

// Close drops the connections. There is no session to end.
func (c *Controller) Close(context.Context) error {
	c.guard.closeIdle()
	return nil
}

// do runs one operation within its time and explains its failure.
func (c *Controller) do(ctx context.Context, operation string, f func(*gofish.APIClient) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	if err := f(c.api.WithContext(ctx)); err != nil {
		return c.explain(operation, err)
	}
	return nil
}

// readBack waits for the BMC to show what it accepted, which read gives and
// judges: some take a task and some seconds for it.
func readBack[T ~string](ctx context.Context, settle time.Duration, what string, want T, read func() (T, bool, error)) error {
	pause := time.NewTicker(settle)
	defer pause.Stop()
	for reads := 1; ; reads++ {
		got, shown, err := read()
		if err != nil || shown {
			return err
		}
		if reads == settleReads {
			return fmt.Errorf("%w: it accepted %s %q but shows %q", errPlain, what, want, got)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-pause.C:
		}
	}
}

func (c *Controller) explain(operation string, err error) error {
	return fmt.Errorf("%s BMC %s: %w", operation, c.host, classify(err))
}

var _ oob.Controller = (*Controller)(nil)
