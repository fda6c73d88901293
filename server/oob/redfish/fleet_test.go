package redfish_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/oobtest"
	"firstlight/server/oob/redfish"
)

// fleetSize is three racks full.
const fleetSize = 120

// TestGoodBMCsAreNotHeldUpByBadOnes powers a fleet on through one listener, a
// third of it bad in every way (J-01): each good machine runs after one power-on,
// and each bad one costs its own caller no more than its time.
func TestGoodBMCsAreNotHeldUpByBadOnes(t *testing.T) {
	bad := []bmcsim.Faults{{Mute: true}, {Status: 503}, {RefuseLogin: true}, {Drop: true}}
	l := listenOnLoopback(t)
	fleet := bmcsim.NewFleet()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fleet.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve() = %v, want no error", err)
		}
	})
	port := l.Addr().(*net.TCPAddr).Port
	var callers sync.WaitGroup
	for i := range fleetSize {
		m := oobtest.NewMemory()
		b := bmcsim.New(m, bmcsim.Options{Password: password, Profile: bmcsim.Profiles()[i%len(bmcsim.Profiles())]})
		t.Cleanup(b.Close)
		at := netip.AddrFrom4([4]byte{127, 77, byte(i >> 8), byte(i)})
		if err := fleet.Add(at, b); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			b.SetFaults(bad[i/3%len(bad)])
		}
		callers.Go(func() { powerOn(t, fmt.Sprintf("%s:%d", at, port), i%3 != 0, m, b) })
	}
	callers.Wait()
}

// listenOnLoopback listens on all of 127.0.0.0/8 and on nothing else.
func listenOnLoopback(t *testing.T) net.Listener {
	t.Helper()
	onlyLo := func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = syscall.SetsockoptString(int(fd), syscall.SOL_SOCKET, syscall.SO_BINDTODEVICE, "lo")
		})
		return errors.Join(err, failed)
	}
	l, err := (&net.ListenConfig{Control: onlyLo}).Listen(t.Context(), "tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func powerOn(t *testing.T, addr string, good bool, m *oobtest.Memory, b *bmcsim.BMC) {
	began := time.Now()
	cfg := redfish.Config{Address: addr, User: "admin", Password: password, Timeout: 10 * time.Second}
	if !good {
		cfg.Timeout = time.Second
	}
	c, err := redfish.Dial(t.Context(), cfg)
	if err == nil {
		err = c.SetPower(t.Context(), oob.PowerOn)
		_ = c.Close(t.Context())
	}
	switch {
	case !good && !errors.Is(err, oob.ErrUnreachable) && !errors.Is(err, oob.ErrCredentials):
		t.Errorf("powering on at bad BMC %s = %v, want unreachable or credentials", addr, err)
	case !good && time.Since(began) > 9*time.Second:
		t.Errorf("bad BMC %s took %s, want its 1 s and little more", addr, time.Since(began))
	case good && err != nil:
		t.Errorf("powering on at good BMC %s = %v, want no error", addr, err)
	case good:
		eventually(t, "machine "+addr+" runs", func() bool { return m.Running() && b.Counts().PowerOns == 1 })
	}
}
