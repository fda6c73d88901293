package network

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/server4"
	"github.com/vishvananda/netlink"
)

// inside marks a run of the tests of real links in a network namespace of its own:
// threads of one process cannot be kept in one, so the process starts itself.
const inside = "FIRSTLIGHT_TEST_NETNS"

func namespaced(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	cmd := exec.Command("/proc/self/exe", "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skip("SKIPPED, no network namespace here: ", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a namespace: %v\n%s", err, out)
	}
	return false
}

// server answers DHCP on one end of a veth pair. It counts what it saw.
type server struct {
	mu   sync.Mutex
	seen map[string]int
	nak  bool
	addr net.IP
}

func (s *server) handle(conn net.PacketConn, _ net.Addr, m *dhcpv4.DHCPv4) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := m.MessageType().String()
	if m.ClientIPAddr != nil && !m.ClientIPAddr.IsUnspecified() {
		kind = "RENEW"
	}
	s.seen[kind]++
	answer := dhcpv4.MessageTypeOffer
	switch {
	case kind == "RENEW" && s.nak:
		answer = dhcpv4.MessageTypeNak
	case kind != "DISCOVER":
		answer = dhcpv4.MessageTypeAck
	}
	reply, err := dhcpv4.NewReplyFromRequest(m,
		dhcpv4.WithMessageType(answer), dhcpv4.WithYourIP(s.addr), dhcpv4.WithNetmask(net.CIDRMask(24, 32)),
		dhcpv4.WithServerIP(net.IPv4(10, 0, 0, 1)), dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 0, 0, 1))),
		dhcpv4.WithRouter(net.IPv4(10, 0, 0, 1)), dhcpv4.WithDNS(net.IPv4(10, 0, 0, 1)),
		dhcpv4.WithLeaseTime(60), // a busy machine renews late
		dhcpv4.WithOption(dhcpv4.OptRenewTimeValue(time.Second)))
	if err == nil {
		_, _ = conn.WriteTo(reply.ToBytes(), &net.UDPAddr{IP: net.IPv4bcast, Port: 68})
	}
}

func (s *server) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[kind]
}

func veth(t *testing.T) {
	t.Helper()
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "srv0"}, PeerName: "cli0"}
	if err := netlink.LinkAdd(pair); err != nil {
		t.Skip("SKIPPED, no veth here: ", err)
	}
	srv, err := netlink.LinkByName("srv0")
	if err != nil {
		t.Fatal(err)
	}
	addr, err := netlink.ParseAddr("10.0.0.1/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.AddrAdd(srv, addr); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(srv); err != nil {
		t.Fatal(err)
	}
}

func TestARealLeaseIsTakenKeptAndReplaced(t *testing.T) {
	if !namespaced(t) {
		return
	}
	veth(t)
	s := &server{seen: map[string]int{}, addr: net.IPv4(10, 0, 0, 7)}
	srv, err := server4.NewServer("srv0", nil, s.handle)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve() }()
	t.Cleanup(func() { srv.Close() })

	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	c := &Client{
		Resolv: resolv, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Accept: func(l netlink.Link) bool { return l.Attrs().Name == "cli0" },
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ups := make(chan string, 8)
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(ctx, func(a string) { ups <- a }) }()

	if got := next(ctx, t, ups); got != "10.0.0.7/24" || addresses(t) != got {
		t.Errorf("address = %s on the link %s, want 10.0.0.7/24 on both", got, addresses(t))
	}
	if b, err := os.ReadFile(resolv); err != nil || string(b) != "nameserver 10.0.0.1\n" {
		t.Errorf("name servers = %q, %v", b, err)
	}
	discovers := s.count("DISCOVER") // the first may come before the server's link is ready
	until(ctx, t, "two renewals", func() bool { return s.count("RENEW") >= 2 })
	if got := s.count("DISCOVER"); got != discovers {
		t.Errorf("%d DISCOVER while the lease was renewed, want none", got-discovers)
	}

	s.mu.Lock()
	s.nak, s.addr = true, net.IPv4(10, 0, 0, 8)
	s.mu.Unlock()
	if got := next(ctx, t, ups); got != "10.0.0.8/24" || addresses(t) != got {
		t.Errorf("after a refusal the address = %s on the link %s, want 10.0.0.8/24 alone", got, addresses(t))
	}
	cancel()
	<-ended
}

func next(ctx context.Context, t *testing.T, ups <-chan string) string {
	t.Helper()
	select {
	case a := <-ups:
		return a
	case <-ctx.Done():
		t.Fatal("no address in time")
		return ""
	}
}

func until(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	for tick := time.NewTicker(20 * time.Millisecond); !ok(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited for %s in vain", what)
		}
	}
}

func addresses(t *testing.T) string {
	t.Helper()
	l, err := netlink.LinkByName("cli0")
	if err != nil {
		t.Fatal(err)
	}
	all, err := netlink.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, a := range all {
		s = append(s, a.IPNet.String())
	}
	return strings.Join(s, " ")
}
