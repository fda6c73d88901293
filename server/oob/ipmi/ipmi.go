// Package ipmi is the out-of-band controller for BMCs that speak IPMI 2.0 over
// the network (RMCP+) and no Redfish. Only the wiring imports it.
//
// It takes cipher suites 17 and 3 alone: both authenticate with the password,
// sign and encrypt every packet. What a BMC answers is a stranger's bytes: an
// answer that offers another suite than the one that was asked for, that is not
// signed, not encrypted, or older than the last one is dropped as if it had
// never come. The password itself never travels; the BMC proves first that it
// knows it, and one that does not gets nothing more from us. A second suite is
// tried only where the BMC said that it has no such suite, and never with a
// password that it refused: that would count twice to its lock-out.
//
// Everything is asked as an operator, which is enough for all of it, so that a
// user without administrator's rights will do. Sections and tables are those of
// the IPMI 2.0 specification, revision 1.1.
package ipmi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"firstlight/server/oob"
)

// Config says which BMC, as whom, and how patiently.
type Config struct {
	Address  string // host, host:port or ipmi://host:port; port 623 when none is given
	User     string
	Password oob.Secret
	// Serial and UUID say whose BMC is meant. A BMC that shows another serial and
	// another UUID is refused; one that shows neither is believed.
	Serial, UUID string
	Timeout      time.Duration // of one operation; 20 s when zero
	// Settle is the pause before a setting that a BMC accepted but does not show
	// yet is read again; 1 s when zero.
	Settle time.Duration
	// Resend is how long an answer is waited for before the question is sent
	// anew; 1 s when zero.
	Resend time.Duration
	// EFI says that the machine's firmware is UEFI: some BMCs keep a boot device
	// for each of the two kinds.
	EFI bool
}

const (
	defaultTimeout = 20 * time.Second
	defaultSettle  = time.Second
	defaultResend  = time.Second
	// settleReads is how often a setting is read before the BMC counts as lying.
	settleReads = 5

	maxUser     = 16 // bytes (section 22.28)
	maxPassword = 20 // bytes (section 22.30)
)

// Controller is one BMC, logged in.
type Controller struct {
	cfg     Config
	address string
	session *session
	closing sync.Once
}

// Dial logs in at the BMC and looks whose it is. The error is
// oob.ErrUnreachable, oob.ErrCredentials, oob.ErrUnsupported, or says in words
// what is wrong.
func Dial(ctx context.Context, cfg Config) (*Controller, error) {
	address, err := cfg.check()
	if err != nil {
		return nil, err
	}
	c := &Controller{cfg: cfg, address: address}
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	for _, s := range suites {
		c.session, err = open(ctx, address, cfg, s)
		if !errors.Is(err, errSuite) {
			break
		}
	}
	if err != nil {
		return nil, c.explain("log in at", err)
	}
	if err := c.prove(ctx); err != nil {
		return nil, errors.Join(c.explain("log in at", err), c.Close(ctx))
	}
	return c, nil
}

// check fills in what was left out and gives the address with its port.
func (c *Config) check() (string, error) {
	switch {
	case c.User == "" || c.Password == "":
		return "", errors.New("log in at a BMC: user or password is empty: give both")
	case len(c.User) > maxUser:
		return "", fmt.Errorf("log in at a BMC: %w: user %q has %d bytes, IPMI takes at most %d: give a shorter one", oob.ErrUnsupported, c.User, len(c.User), maxUser)
	case len(c.Password) > maxPassword:
		return "", fmt.Errorf("log in at a BMC: %w: the password has %d bytes, IPMI takes at most %d: set a shorter one", oob.ErrUnsupported, len(c.Password), maxPassword)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Settle <= 0 {
		c.Settle = defaultSettle
	}
	if c.Resend <= 0 {
		c.Resend = defaultResend
	}
	return endpoint(c.Address)
}

// Close ends the session and drops the socket; doing so twice is no error.
func (c *Controller) Close(ctx context.Context) (err error) {
	c.closing.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
		defer cancel()
		err = c.session.close(ctx)
	})
	return err
}

// do runs one operation within its time and explains its failure.
func (c *Controller) do(ctx context.Context, operation string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	if err := context.Cause(ctx); err != nil {
		return c.explain(operation, err)
	}
	if err := f(ctx); err != nil {
		return c.explain(operation, err)
	}
	return nil
}

func (c *Controller) explain(operation string, err error) error {
	return fmt.Errorf("%s BMC %s: %w", operation, c.address, classify(err))
}

// readBack waits for the BMC to show what it accepted.
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

var _ oob.Controller = (*Controller)(nil)
