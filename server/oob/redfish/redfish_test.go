package redfish_test

import (
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/oobtest"
	"firstlight/server/oob/redfish"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = oob.Secret("correct horse")

// rack is one BMC on a loopback port with its machine.
type rack struct {
	machine *oobtest.Memory
	bmc     *bmcsim.BMC
	addr    string
}

func start(t *testing.T, o bmcsim.Options) *rack {
	t.Helper()
	o.Password = password
	m := oobtest.NewMemory()
	o.Indicate = m.Indicate
	return serve(t, m, bmcsim.New(m, o), "127.0.0.1:0")
}

func serve(t *testing.T, m *oobtest.Memory, b *bmcsim.BMC, addr string) *rack {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve() = %v, want no error", err)
		}
		b.Close()
	})
	return &rack{machine: m, bmc: b, addr: l.Addr().String()}
}

func (r *rack) config() redfish.Config {
	return redfish.Config{Address: r.addr, User: "admin", Password: password, Timeout: 5 * time.Second, Settle: 50 * time.Millisecond}
}

func (r *rack) dial(t *testing.T, cfg redfish.Config) *redfish.Controller {
	t.Helper()
	c, err := redfish.Dial(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Dial(%s) = %v, want no error", cfg.Address, err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func TestContractHoldsWithEveryProfile(t *testing.T) {
	for _, p := range bmcsim.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			oobtest.Run(t, func(t *testing.T) (oob.Controller, oobtest.Machine) {
				t.Helper()
				r := start(t, bmcsim.Options{Profile: p})
				return r.dial(t, r.config()), r.machine
			})
		})
	}
}

func TestNoSessionIsEverOpened(t *testing.T) {
	r := start(t, bmcsim.Options{Slots: 1})
	for range 5 {
		c := r.dial(t, r.config())
		if err := c.SetNextBoot(t.Context(), oob.BootNetwork); err != nil {
			t.Fatalf("SetNextBoot(network) = %v, want no error", err)
		}
	}
	if got := r.bmc.Counts().Sessions; got != 0 {
		t.Errorf("after 5 log-ins without Close %d sessions are open, want 0", got)
	}
}
