package dhcp

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

const (
	// probeWait is how long an answer may take. A client waits four seconds.
	probeWait = 100 * time.Millisecond
	// probeTries bounds how many addresses are looked at for one DISCOVER: the
	// next one begins where this one ended.
	probeTries = 8
)

var errAnswered = errors.New("somebody answers from each address that was tried")

// offer picks an address; where leases may be missing, one from which nobody
// answers.
func (s *Server) offer(ctx context.Context, q *query, v verdict) (lease.Lease, error) {
	for range probeTries {
		l, err := s.cfg.Leases.Offer(v.subnet, q.client(q.wants), q.at)
		if err != nil || !s.cfg.Leases.Careful(q.at) || !s.answered(ctx, q, l.Address) {
			return l, err
		}
	}
	return lease.Lease{}, errAnswered
}

// answered tells whether somebody else than the client has an address, and
// remembers that.
func (s *Server) answered(ctx context.Context, q *query, a netip.Addr) bool {
	_, answered := s.whoAnswers(ctx, q, a)
	if answered {
		s.cfg.Leases.Found(a)
	}
	return answered
}

// whoAnswers tells who else than the client has an address, if anybody does; the
// MAC is zero where it cannot be told.
func (s *Server) whoAnswers(ctx context.Context, q *query, a netip.Addr) (machine.MAC, bool) {
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	mac, answered := s.cfg.Probe.Probe(ctx, Question{Interface: q.from.name, Server: q.from.server, Address: a, Relayed: s.beyond(q, a)})
	return mac, answered && mac != q.boot.MAC
}

// beyond tells whether an address is in a network that only a router reaches. A
// relay may also stand on a network of our own: who is near is asked by ARP, as
// an echo would leave a row for each address in the kernel's table of neighbours,
// which is small.
func (s *Server) beyond(q *query, a netip.Addr) bool {
	subnet, ok := s.cfg.Inventory.SubnetFor(a)
	return q.giaddr.IsValid() && (!ok || !subnet.Prefix.Contains(q.from.server))
}

// wireProber asks by ARP on the networks themselves, and by ICMP echo beyond a
// relay. What it cannot ask, nobody answers: an appliance that cannot probe
// serves all the same.
type wireProber struct {
	near map[string]*neighbours // by interface
}

// Probe asks once.
func (p wireProber) Probe(ctx context.Context, q Question) (machine.MAC, bool) {
	if q.Relayed {
		return machine.MAC{}, echo(ctx, q)
	}
	if n := p.near[q.Interface]; n != nil {
		return n.ask(ctx, q.Address)
	}
	return machine.MAC{}, false
}

// echo asks through routers.
func echo(ctx context.Context, q Question) bool {
	conn, err := icmp.ListenPacket("ip4:icmp", q.Server.String())
	if err != nil {
		return false
	}
	defer conn.Close() //nolint:errcheck // it was for one question
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: int(binary.BigEndian.Uint16(q.Address.AsSlice()[2:])), Seq: 1}}
	b, err := m.Marshal(nil)
	if err != nil {
		return false
	}
	if _, err := conn.WriteTo(b, &net.IPAddr{IP: q.Address.AsSlice()}); err != nil {
		return false
	}
	end, _ := ctx.Deadline()
	if err := conn.SetReadDeadline(end); err != nil {
		return false
	}
	in := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(in)
		if err != nil {
			return false
		}
		got, err := icmp.ParseMessage(ipv4.ICMPTypeEcho.Protocol(), in[:n])
		if err == nil && got.Type == ipv4.ICMPTypeEchoReply && from.String() == q.Address.String() {
			return true
		}
	}
}
