package network

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/dhcpv6/server6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/vishvananda/netlink"
)

// server6th answers DHCPv6 on one end of a veth pair. It counts what it saw.
type server6th struct {
	mu     sync.Mutex
	seen   map[dhcpv6.MessageType]int
	addr   net.IP
	refuse bool // renewals
}

func (s *server6th) handle(conn net.PacketConn, peer net.Addr, d dhcpv6.DHCPv6) {
	m, err := d.GetInnerMessage()
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[m.MessageType]++
	valid := time.Minute // a busy machine takes seconds to see that an address is free
	if s.refuse && m.MessageType == dhcpv6.MessageTypeRenew {
		valid, s.refuse, s.addr = 0, false, net.ParseIP("fd00::8")
	}
	reply, err := dhcpv6.NewReplyFromMessage(m,
		dhcpv6.WithServerID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr{2, 0, 0, 0, 0, 1}}),
		dhcpv6.WithIANA(dhcpv6.OptIAAddress{IPv6Addr: s.addr, PreferredLifetime: valid, ValidLifetime: valid}), renewSoon,
		dhcpv6.WithDNS(net.ParseIP("fd00::1")), dhcpv6.WithOption(&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionRapidCommit}))
	if err == nil {
		_, _ = conn.WriteTo(reply.ToBytes(), peer)
	}
}

// renewSoon makes T1 a second.
func renewSoon(d dhcpv6.DHCPv6) {
	m, ok := d.(*dhcpv6.Message)
	if ok {
		m.Options.OneIANA().T1 = time.Second
	}
}

func (s *server6th) count(kind dhcpv6.MessageType) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[kind]
}

func TestARealLeaseOfIPv6IsTakenKeptAndReplaced(t *testing.T) {
	if !namespaced(t) {
		return
	}
	veth(t)
	s := &server6th{seen: map[dhcpv6.MessageType]int{}, addr: net.ParseIP("fd00::7")}
	srv, err := server6.NewServer("srv0", &net.UDPAddr{IP: dhcpv6.AllDHCPRelayAgentsAndServers, Port: dhcpv6.DefaultServerPort}, s.handle)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve() }()
	t.Cleanup(func() { srv.Close() })

	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	c := &Client{
		IPv6: true, Resolv: resolv, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Accept: func(l netlink.Link) bool { return l.Attrs().Name == "cli0" },
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ups := make(chan string, 8)
	ended := make(chan struct{})
	go func() { defer close(ended); c.Run(ctx, func(a string) { ups <- a }) }()

	if got := next(ctx, t, ups); got != "fd00::7/128" {
		t.Errorf("address = %s, want fd00::7/128", got)
	}
	if b, err := os.ReadFile(resolv); err != nil || string(b) != "nameserver fd00::1\n" {
		t.Errorf("name servers = %q, %v", b, err)
	}
	solicits := s.count(dhcpv6.MessageTypeSolicit) // the first may come before the server's link is ready
	until(ctx, t, "two renewals", func() bool { return s.count(dhcpv6.MessageTypeRenew) >= 2 })
	if got := s.count(dhcpv6.MessageTypeSolicit); got != solicits {
		t.Errorf("%d SOLICIT while the lease was renewed, want none", got-solicits)
	}
	s.mu.Lock()
	s.refuse = true
	s.mu.Unlock()
	if got := next(ctx, t, ups); got != "fd00::8/128" {
		t.Errorf("after a refusal the address = %s, want fd00::8/128", got)
	}
	cancel()
	<-ended
}
