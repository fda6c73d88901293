package netnstest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"firstlight/server/virtualrack/netns"
)

// patience bounds every tool that a test waits for.
const patience = 45 * time.Second

// Host is a network namespace with its loopback interface up.
type Host struct {
	t  testing.TB
	ns *netns.Namespace
}

// Need skips a test that cannot have hosts or lacks one of the tools.
func Need(t testing.TB, tools ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: network namespaces need root; nothing was tested")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed; nothing was tested", tool)
		}
	}
}

// New makes a host.
func New(t testing.TB) *Host {
	t.Helper()
	Need(t)
	ns, err := netns.New()
	if errors.Is(err, unix.EPERM) {
		t.Skipf("SKIPPED: this root may not make network namespaces: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	return &Host{t: t, ns: ns}
}

// Pair is a server with br0 at 10.80.12.1/24 and a client that its eth0, MAC
// 52:54:00:12:34:56, joins to it.
func Pair(t testing.TB, tools ...string) (server, client *Host) {
	t.Helper()
	Need(t, tools...)
	server, client = New(t), New(t)
	server.Cable("br0", client, "eth0", "52:54:00:12:34:56")
	server.Address("br0", "10.80.12.1/24")
	return server, client
}

// Do calls f on a thread that is in the host: sockets made there stay there.
func (h *Host) Do(f func() error) error { return h.ns.Do(f) }

// Cable joins the interface near of h to far of the other host. Both are up and
// have no address.
func (h *Host) Cable(near string, other *Host, far, farMAC string) {
	h.t.Helper()
	mac, err := net.ParseMAC(farMAC)
	if err != nil {
		h.t.Fatal(err)
	}
	var there *os.File
	h.must(other.Do(func() (err error) { there, err = os.Open("/proc/thread-self/ns/net"); return err }))
	defer func() { _ = there.Close() }()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = near
	h.must(h.Do(func() error {
		return netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: attrs, PeerName: far, PeerHardwareAddr: mac, PeerNamespace: netlink.NsFd(int(there.Fd())),
		})
	}))
	h.up(near)
	other.up(far)
}

// Bridge joins interfaces of h to one network, in which h itself is as name.
func (h *Host) Bridge(name string, ports ...string) {
	h.t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	h.must(h.Do(func() error { return netlink.LinkAdd(bridge) }))
	h.up(name)
	for _, port := range ports {
		h.with(port, func(l netlink.Link) error { return netlink.LinkSetMaster(l, bridge) })
	}
}

func (h *Host) up(name string) {
	h.t.Helper()
	h.with(name, netlink.LinkSetUp)
}

// QuickIPv6 lets interfaces that h gets from now on use an IPv6 address at once,
// without asking for a second whether another has it (RFC 4862 §5.4).
func (h *Host) QuickIPv6() {
	h.t.Helper()
	for _, of := range []string{"all", "default"} { // the kernel takes the greater of all and the interface
		h.must(h.Do(func() error { return os.WriteFile("/proc/sys/net/ipv6/conf/"+of+"/accept_dad", []byte("0"), 0) }))
	}
}

// AwaitLinkLocal waits until an interface has its link-local IPv6 address, which
// it gets some time after it is up.
func (h *Host) AwaitLinkLocal(name string) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // netlink has no wait for it
		has := false
		h.with(name, func(l netlink.Link) error {
			list, err := netlink.AddrList(l, netlink.FAMILY_V6)
			has = slices.ContainsFunc(list, func(a netlink.Addr) bool {
				return a.IP.IsLinkLocalUnicast() && a.Flags&unix.IFA_F_TENTATIVE == 0
			})
			return err
		})
		if has {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("%s has no link-local address after %s", name, patience)
		}
	}
}

// Address gives an interface an address such as 10.80.12.1/24 or 2001:db8:12::1/64.
func (h *Host) Address(name, prefix string) {
	h.t.Helper()
	p := netip.MustParsePrefix(prefix)
	h.with(name, func(l netlink.Link) error {
		return netlink.AddrReplace(l, &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}})
	})
}

// Addresses gives the IPv4 addresses of an interface.
func (h *Host) Addresses(name string) (all []string) {
	h.t.Helper()
	h.with(name, func(l netlink.Link) error {
		list, err := netlink.AddrList(l, netlink.FAMILY_V4)
		for _, a := range list {
			all = append(all, a.IPNet.String())
		}
		return err
	})
	return all
}

func (h *Host) with(name string, f func(netlink.Link) error) {
	h.t.Helper()
	h.must(h.Do(func() error {
		l, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		return f(l)
	}))
}

func (h *Host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// Run runs a tool on the host and gives what it said; it must succeed.
func (h *Host) Run(tool string, args ...string) string {
	h.t.Helper()
	out, err := h.Try(tool, args...)
	if err != nil {
		h.t.Fatalf("%s %s: %v\n%s", tool, strings.Join(args, " "), err, out)
	}
	return out
}

// Try is Run for a tool that may fail.
func (h *Host) Try(tool string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var said strings.Builder
	cmd := exec.CommandContext(ctx, tool, args...) //nolint:gosec // tests name their tools
	cmd.Stdout, cmd.Stderr = &said, &said
	// A daemon that stays behind may hold the pipe; its parent has ended.
	cmd.WaitDelay = time.Second
	err := h.ns.Start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return said.String(), err
}
