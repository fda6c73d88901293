package dhcp6

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// Ports of RFC 8415 §7.2.
const (
	clientPort = 546
	serverPort = 547
)

// allServers are the groups in which clients and relays look for servers
// (RFC 8415 §7.1).
var allServers = []netip.Addr{netip.MustParseAddr("ff02::1:2"), netip.MustParseAddr("ff05::1:3")}

// link is one interface with its socket.
type link struct {
	origin
	udp      *net.UDPConn
	heard    *packet.Conn // what other servers send
	question question     // of ours to them
}

// openLink opens the socket of an interface and joins the groups there.
func openLink(ifc Interface) (*link, error) {
	dev, err := net.InterfaceByName(ifc.Name)
	if err != nil {
		return nil, fmt.Errorf("listen for DHCPv6: there is no interface %q here: %w", ifc.Name, err)
	}
	udp, err := listenUDP(dev.Name)
	if err != nil {
		return nil, explain(dev.Name, err)
	}
	conn := ipv6.NewPacketConn(udp)
	for _, group := range allServers {
		err = errors.Join(err, conn.JoinGroup(dev, &net.UDPAddr{IP: group.AsSlice()}))
	}
	heard, listening := listenReplies(dev)
	l := &link{origin: origin{name: dev.Name, server: ifc.Address, local: linkLocalOf(dev)}, udp: udp, heard: heard}
	// What we ask other servers does not come back to us.
	if err = errors.Join(err, listening, conn.SetControlMessage(ipv6.FlagDst, true), conn.SetMulticastLoopback(false)); err != nil {
		l.close()
		return nil, explain(dev.Name, err)
	}
	return l, nil
}

func (l *link) close() {
	_ = l.udp.Close()
	if l.heard != nil {
		_ = l.heard.Close()
	}
}

// linkLocalOf is the link-local address of an interface. Where it has none yet, no
// packet of a client can come either.
func linkLocalOf(dev *net.Interface) netip.Addr {
	addrs, _ := dev.Addrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is6() && p.Addr().IsLinkLocalUnicast() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// listenUDP binds to the interface before it binds to the port, and without
// SO_REUSEADDR: two interfaces do not disturb each other, and another DHCPv6
// server on this host is an error now rather than half of the packets later.
func listenUDP(device string) (*net.UDPConn, error) {
	control := func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, device)
		})
		return errors.Join(err, failed)
	}
	config := net.ListenConfig{Control: control}
	conn, err := config.ListenPacket(context.Background(), "udp6", fmt.Sprintf("[::]:%d", serverPort))
	if err != nil {
		return nil, err
	}
	udp := conn.(*net.UDPConn) //nolint:forcetypeassert // ListenPacket gives nothing else for udp6
	// A rack that powers on at once fits into the socket's buffer. The kernel
	// may grant less; that is no reason not to start.
	_ = udp.SetReadBuffer(4 << 20)
	return udp, nil
}

// explain turns the errors that people meet into a sentence with a remedy.
func explain(device string, err error) error {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("listen for DHCPv6 on %s: port %d/udp is in use: another DHCPv6 server runs on this host "+
			"(dnsmasq, dhcpd -6, kea-dhcp6-server, a second firstlight); 'ss -ulpn sport = :%d' names it: stop it there: %w",
			device, serverPort, serverPort, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("listen for DHCPv6 on %s: not permitted: port %d needs CAP_NET_BIND_SERVICE and hearing other servers needs CAP_NET_RAW: "+
			"start as the packaged systemd unit does, or as root: %w", device, serverPort, err)
	default:
		return fmt.Errorf("listen for DHCPv6 on %s: %w", device, err)
	}
}

// read moves packets from the socket of an interface into the queue until ctx
// ends.
func (s *Server) read(ctx context.Context, l *link) {
	oob := make([]byte, 128)
	buffer := make([]byte, maxPacket)
	for {
		n, oobn, flags, peer, err := l.udp.ReadMsgUDPAddrPort(buffer, oob)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			// An interface that is down for a moment reports ENETDOWN once per
			// flap; the socket stays good.
			s.metrics.dropped[dropReceive].Add(1)
			s.complain("receiving DHCPv6 packets failed", "interface", l.name, "error", err)
			pause(ctx, 100*time.Millisecond)
		case flags&unix.MSG_TRUNC != 0:
			s.metrics.dropped[dropMalformed].Add(1)
		default:
			s.push(&datagram{
				payload: append([]byte(nil), buffer[:n]...), wire: l, from: l.origin, peer: peer,
				to: destination(oob[:oobn]), arrived: s.cfg.Now(),
			})
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// destination gives the address that a packet was sent to.
func destination(oob []byte) netip.Addr {
	var cm ipv6.ControlMessage
	if err := cm.Parse(oob); err != nil {
		return netip.Addr{}
	}
	a, _ := netip.AddrFromSlice(cm.Dst)
	return a
}

// send puts a reply on the wire. The kernel takes our address on the client's
// link for a client there, and a routed one for a relay (RFC 6724).
func (l *link) send(to netip.AddrPort, payload []byte) error {
	if _, err := l.udp.WriteToUDPAddrPort(payload, to); err != nil {
		return fmt.Errorf("send to %s: %w", to, err)
	}
	return nil
}
