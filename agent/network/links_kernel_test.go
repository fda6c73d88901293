package network

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The kernel itself tells of a cable, here one between two virtual interfaces in
// a network of their own.
func TestTheKernelTellsOfACable(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, a network of one's own needs root")
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the test, and its network with it
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("SKIPPED, no network of one's own: %v", err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "here"
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "there"}); err != nil {
		t.Fatal(err)
	}
	there, err := netlink.LinkByName("there")
	if err != nil {
		t.Fatal(err)
	}
	here, err := netlink.LinkByName("here")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(here); err != nil {
		t.Fatal(err)
	}
	updates, err := listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		up   bool
		turn func(netlink.Link) error
	}{{false, nil}, {true, netlink.LinkSetUp}, {false, netlink.LinkSetDown}} {
		if step.turn != nil {
			if err := step.turn(there); err != nil {
				t.Fatal(err)
			}
		}
		await(t, updates, link{name: "here", up: step.up})
	}
}

func await(t *testing.T, updates <-chan link, want link) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case got, ok := <-updates:
			if !ok {
				t.Fatalf("no more updates while waiting for %+v", want)
			}
			if got == want {
				return
			}
		case <-late:
			t.Fatalf("the kernel did not tell of %+v", want)
		}
	}
}
