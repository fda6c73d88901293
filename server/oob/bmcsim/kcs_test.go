package bmcsim_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/vmproto"

	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/oobtest"
	"firstlight/server/oob/redfish"
)

// A user that the machine makes on its own BMC, over what QEMU's ipmi-bmc-extern
// speaks, logs in over the network; disabled there, it does not any more.
func TestAUserThatIsMadeFromInsideLogsInFromOutside(t *testing.T) {
	b := bmcsim.New(oobtest.NewMemory(), bmcsim.Options{Password: "factory"})
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	inside, err := net.Listen("unix", filepath.Join(t.TempDir(), "kcs"))
	if err != nil {
		t.Fatal(err)
	}
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- b.ServeVM(ctx, inside) }()
	go func() { done <- b.Serve(ctx, outside) }()
	defer func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}()
	conn, err := net.Dial("unix", inside.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	kcs := vmproto.NewClient(conn, 10*time.Second)
	send := func(command byte, data ...byte) {
		t.Helper()
		if code, _, err := kcs.Command(0x06, command, data...); err != nil || code != 0 {
			t.Fatalf("command %#02x = code %#02x, %v", command, code, err)
		}
	}
	const user, password = "firstlight", "Abcdefgh1jklmn.pqrst"
	send(0x45, append([]byte{3}, append([]byte(user), make([]byte, 16-len(user))...)...)...)
	send(0x47, append([]byte{0x83, 2}, password...)...)
	send(0x43, 0xB1, 3, 4, 0)
	send(0x47, 3, 1)
	logIn := func() error {
		c, err := redfish.Dial(t.Context(), redfish.Config{Address: outside.Addr().String(), User: user, Password: password})
		if err == nil {
			err = c.Close(t.Context())
		}
		return err
	}
	if err := logIn(); err != nil {
		t.Errorf("the new user: %v", err)
	}
	send(0x47, 3, 0)
	if err := logIn(); err == nil {
		t.Error("the user logs in after it was disabled")
	}
}
