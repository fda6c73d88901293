package ipmi_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/types"
	"go.uber.org/goleak"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/ipmi"
	"firstlight/server/oob/oobtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = oob.Secret("correct horse")

// start is one BMC on a loopback port with its machine.
func start(t *testing.T, o bmcsim.Options) (*oobtest.Memory, *bmcsim.BMC, ipmi.Config) {
	t.Helper()
	m := oobtest.NewMemory()
	o.Password, o.Indicate = password, m.Indicate
	b := bmcsim.New(m, o)
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.ServeIPMI(ctx, conn) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ServeIPMI() = %v, want no error", err)
		}
		b.Close()
	})
	return m, b, config(conn.LocalAddr().String())
}

func config(address string) ipmi.Config {
	return ipmi.Config{
		Address: ipmi.Scheme + address, User: "admin", Password: password,
		Timeout: 5 * time.Second, Settle: 50 * time.Millisecond, Resend: 200 * time.Millisecond,
	}
}

func dial(t *testing.T, cfg ipmi.Config) *ipmi.Controller {
	t.Helper()
	c, err := ipmi.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Dial(%s) = %v, want no error", cfg.Address, err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func TestContractHoldsWithEverySuite(t *testing.T) {
	for name, suites := range map[string][]types.CipherSuiteID{"suite 17": {17}, "suite 3 alone": {3}} {
		t.Run(name, func(t *testing.T) {
			oobtest.Run(t, func(t *testing.T) (oob.Controller, oobtest.Machine) {
				t.Helper()
				m, _, cfg := start(t, bmcsim.Options{Suites: suites})
				return dial(t, cfg), m
			})
		})
	}
}

func TestLogIn(t *testing.T) {
	for name, test := range map[string]struct {
		suites []types.CipherSuiteID
		change func(*ipmi.Config)
		want   error
		says   string
	}{
		"another password":       {nil, func(c *ipmi.Config) { c.Password = "battery staple" }, oob.ErrCredentials, "proves another password"},
		"another user":           {nil, func(c *ipmi.Config) { c.User = "root" }, oob.ErrCredentials, "another password"},
		"no suite of ours":       {[]types.CipherSuiteID{1}, func(*ipmi.Config) {}, oob.ErrUnsupported, "neither cipher suite 17 nor 3"},
		"nobody there":           {nil, func(c *ipmi.Config) { c.Address = "ipmi://127.0.0.1:9" }, oob.ErrUnreachable, "refused"},
		"another machine":        {nil, func(c *ipmi.Config) { c.Serial, c.UUID = "SN-1", "4c4c4544-0042-3510-8052-b4c04f4e3733" }, nil, `serial "SN-0042"`},
		"a password too long":    {nil, func(c *ipmi.Config) { c.Password = "123456789012345678901" }, oob.ErrUnsupported, "21 bytes"},
		"an address that is not": {nil, func(c *ipmi.Config) { c.Address = "ipmi://a/b" }, nil, "names no host"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, cfg := start(t, bmcsim.Options{Suites: test.suites})
			test.change(&cfg)
			c, err := ipmi.Dial(t.Context(), cfg)
			if err == nil || c != nil || !strings.Contains(err.Error(), test.says) || test.want != nil && !errors.Is(err, test.want) {
				t.Fatalf("Dial() = %v, %v, want an error that is %v and says %q", c, err, test.want, test.says)
			}
		})
	}
}

// One of the two is enough: boards are exchanged, and vendors order the bytes of
// a UUID in ways of their own.
func TestSerialOrUUIDProvesTheMachine(t *testing.T) {
	for name, change := range map[string]func(*ipmi.Config){
		"serial": func(c *ipmi.Config) { c.Serial, c.UUID = "SN-0042", "4c4c4544-0042-3510-8052-b4c04f4e3733" },
		"UUID":   func(c *ipmi.Config) { c.Serial, c.UUID = "SN-1", "4C4C4544-0042-3510-8052-B4C04F4E3732" },
	} {
		t.Run(name, func(t *testing.T) {
			_, _, cfg := start(t, bmcsim.Options{})
			change(&cfg)
			dial(t, cfg)
		})
	}
}

func TestABMCThatFallsSilentIsUnreachable(t *testing.T) {
	m, b, cfg := start(t, bmcsim.Options{})
	cfg.Timeout = 300 * time.Millisecond
	c := dial(t, cfg)
	b.SetFaults(bmcsim.Faults{Mute: true})
	if err := c.SetPower(t.Context(), oob.PowerOn); !errors.Is(err, oob.ErrUnreachable) {
		t.Fatalf("SetPower(on) = %v, want %v", err, oob.ErrUnreachable)
	}
	b.SetFaults(bmcsim.Faults{})
	if err := c.SetPower(t.Context(), oob.PowerOn); err != nil || !m.Running() {
		t.Fatalf("SetPower(on) once it answers = %v, running %v; want the machine on", err, m.Running())
	}
}

func TestABMCThatLiesIsFoundOut(t *testing.T) {
	_, b, cfg := start(t, bmcsim.Options{})
	c := dial(t, cfg)
	b.SetFaults(bmcsim.Faults{Lie: true})
	if err := c.SetNextBoot(t.Context(), oob.BootNetwork); err == nil || !strings.Contains(err.Error(), `but shows ""`) {
		t.Fatalf("SetNextBoot(network) = %v, want that it shows nothing of it", err)
	}
}
