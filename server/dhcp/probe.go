package dhcp

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

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
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	mac, answered := s.cfg.Probe.Probe(ctx, Question{Interface: q.from.name, Server: q.from.server, Address: a, Relayed: q.giaddr.IsValid()})
	if !answered || mac == q.boot.MAC {
		return false
	}
	s.cfg.Leases.Found(a)
	return true
}

// wireProber asks by ARP on the network itself, and by ICMP echo beyond a relay.
// What it cannot ask, nobody answers: an appliance that cannot probe serves all
// the same.
type wireProber struct{}

// Probe asks once.
func (wireProber) Probe(ctx context.Context, q Question) (machine.MAC, bool) {
	if q.Relayed {
		return machine.MAC{}, echo(ctx, q)
	}
	return arp(ctx, q)
}

// arp asks without a sender's address (RFC 5227 §2.1.1), so that nobody's cache
// is changed.
func arp(ctx context.Context, q Question) (machine.MAC, bool) {
	dev, err := net.InterfaceByName(q.Interface)
	if err != nil {
		return machine.MAC{}, false
	}
	conn, err := packet.Listen(dev, packet.Datagram, unix.ETH_P_ARP, nil)
	if err != nil {
		return machine.MAC{}, false
	}
	defer conn.Close() //nolint:errcheck // it was for one question
	everyone := &packet.Addr{HardwareAddr: net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	if _, err := conn.WriteTo(arpProbe(dev.HardwareAddr, q.Address), everyone); err != nil {
		return machine.MAC{}, false
	}
	end, _ := ctx.Deadline()
	if err := conn.SetReadDeadline(end); err != nil {
		return machine.MAC{}, false
	}
	b := make([]byte, 128)
	for {
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return machine.MAC{}, false
		}
		if mac, ok := arpAnswer(b[:n], q.Address); ok {
			return mac, true
		}
	}
}

// The layout of ARP for IPv4 over Ethernet (RFC 826).
const (
	arpSize    = 28
	arpRequest = 1
	arpReply   = 2
)

func arpProbe(from net.HardwareAddr, a netip.Addr) []byte {
	b := make([]byte, arpSize)
	binary.BigEndian.PutUint16(b[0:], 1) // Ethernet
	binary.BigEndian.PutUint16(b[2:], unix.ETH_P_IP)
	b[4], b[5] = 6, 4
	binary.BigEndian.PutUint16(b[6:], arpRequest)
	copy(b[8:14], from)
	target := a.As4()
	copy(b[24:28], target[:])
	return b
}

// arpAnswer reads who says that an address is its own.
func arpAnswer(b []byte, a netip.Addr) (mac machine.MAC, ok bool) {
	if len(b) < arpSize || binary.BigEndian.Uint16(b[6:]) != arpReply || netip.AddrFrom4([4]byte(b[14:18])) != a {
		return mac, false
	}
	copy(mac[:], b[8:14])
	return mac, true
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
