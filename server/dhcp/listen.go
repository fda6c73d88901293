package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

const (
	serverPort = 67
	clientPort = 68
)

// ReceiveBuffer is how many bytes may wait at a socket: a hall that powers on at
// once. The kernel grants no more than net.core.rmem_max (socket(7)).
const ReceiveBuffer = 4 << 20

// link is one interface with its sockets: UDP ones for DHCP and for boot clients
// that belong to it alone, and one that writes frames to clients which have no
// address yet.
type link struct {
	origin
	source  []byte // asks the kernel to send from our address here
	letters chan *letter
	udp     *net.UDPConn
	boot    *net.UDPConn // port 4011
	frames  *packet.Conn
	near    *neighbours
	heard   *packet.Conn // what other servers send
}

// openLink opens the sockets of an interface.
func openLink(ifc Interface) (*link, error) {
	dev, err := net.InterfaceByName(ifc.Name)
	if err != nil {
		return nil, noInterface(ifc.Name, err)
	}
	own, err := ownAddress(dev, ifc.Address)
	if err != nil {
		return nil, err
	}
	from := ipv4.ControlMessage{Src: slice(own), IfIndex: dev.Index}
	l := &link{origin: origin{name: dev.Name, server: own}, source: from.Marshal(), letters: make(chan *letter, atOnce)}
	if l.udp, err = listenUDP(dev.Name, serverPort); err != nil {
		return nil, explain(dev.Name, serverPort, err)
	}
	if l.boot, err = listenUDP(dev.Name, bootPort); err != nil {
		l.close()
		return nil, explain(dev.Name, bootPort, err)
	}
	// AF_PACKET with the protocol of IPv4 would receive all of it; the filter
	// that lets nothing in is bound before the socket is.
	nothing, err := bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
	if err == nil {
		l.frames, err = packet.Listen(dev, packet.Datagram, unix.ETH_P_IP, &packet.Config{Filter: nothing})
	}
	if err == nil {
		l.heard, err = listenReplies(dev)
	}
	if err == nil {
		l.near, err = openNeighbours(dev)
	}
	if err != nil {
		l.close()
		return nil, explain(dev.Name, serverPort, err)
	}
	return l, nil
}

// listenUDP binds to the interface before it binds to the port, and without
// SO_REUSEADDR: two interfaces do not disturb each other, and another DHCP
// server on this host is an error now rather than half of the packets later.
func listenUDP(device string, port int) (*net.UDPConn, error) {
	control := func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, device)
		})
		return errors.Join(err, failed)
	}
	config := net.ListenConfig{Control: control}
	conn, err := config.ListenPacket(context.Background(), "udp4", fmt.Sprintf("0.0.0.0:%d", port))
	if err != nil {
		return nil, err
	}
	udp := conn.(*net.UDPConn) //nolint:forcetypeassert // ListenPacket gives nothing else for udp4
	// The kernel may grant less; that is no reason not to start, and doctor says so.
	_ = udp.SetReadBuffer(ReceiveBuffer)
	if err := ipv4.NewPacketConn(udp).SetControlMessage(ipv4.FlagDst, true); err != nil {
		_ = udp.Close()
		return nil, fmt.Errorf("ask for destination addresses: %w", err)
	}
	return udp, nil
}

func (l *link) close() {
	_ = l.udp.Close()
	if l.boot != nil {
		_ = l.boot.Close()
	}
	if l.near != nil {
		_ = l.near.conn.Close()
	}
	if l.frames != nil {
		_ = l.frames.Close()
	}
	if l.heard != nil {
		_ = l.heard.Close()
	}
}

// ownAddress checks that the interface has the address, or takes its first.
func ownAddress(dev *net.Interface, want netip.Addr) (netip.Addr, error) {
	addrs, err := dev.Addrs()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("listen for DHCP on %s: read its addresses: %w", dev.Name, err)
	}
	var have []string
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().Is4() {
			continue
		}
		if !want.IsValid() || p.Addr() == want {
			return p.Addr(), nil
		}
		have = append(have, p.Addr().String())
	}
	switch {
	case !want.IsValid():
		return want, fmt.Errorf("listen for DHCP on %s: it has no IPv4 address, and machines need one to reach the appliance by: give it one", dev.Name)
	case len(have) == 0:
		return want, fmt.Errorf("listen for DHCP on %s: it does not have the address %s, nor another IPv4 address: give it that address", dev.Name, want)
	default:
		return want, fmt.Errorf("listen for DHCP on %s: it does not have the address %s, but %s: correct the configuration or give it that address", dev.Name, want, strings.Join(have, ", "))
	}
}

func noInterface(name string, err error) error {
	all, listErr := net.Interfaces()
	if listErr != nil {
		return fmt.Errorf("listen for DHCP on %s: %w", name, err)
	}
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = d.Name
	}
	return fmt.Errorf("listen for DHCP: there is no interface %q here: configure one of %s", name, strings.Join(names, ", "))
}

// explain turns the errors that people meet into a sentence with a remedy.
func explain(device string, port int, err error) error {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("listen for DHCP on %s: port %d/udp is in use: another DHCP server runs on this host "+
			"(dnsmasq, isc-dhcp-server, kea-dhcp4-server, libvirt's dnsmasq, a second firstlight); "+
			"'ss -ulpn sport = :%d' names it: stop it there: %w", device, port, port, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("listen for DHCP on %s: not permitted: port %d needs CAP_NET_BIND_SERVICE and frames to machines "+
			"without an address need CAP_NET_RAW: start as the packaged systemd unit does, or as root: %w", device, port, err)
	default:
		return fmt.Errorf("listen for DHCP on %s: %w", device, err)
	}
}

// read moves packets from a socket of an interface into the queue until ctx ends.
func (s *Server) read(ctx context.Context, l *link, conn *net.UDPConn, port uint16) {
	oob := make([]byte, 128)
	for {
		p := s.queue.blank()
		n, oobn, flags, peer, err := conn.ReadMsgUDPAddrPort(p.buffer[:], oob)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			// An interface that is down for a moment reports ENETDOWN once per
			// flap; the socket stays good.
			s.queue.done(p)
			s.metrics.dropped[dropReceive].Add(1)
			s.complain("receiving DHCP packets failed", "interface", l.name, "error", err)
			pause(ctx, 100*time.Millisecond)
		case flags&unix.MSG_TRUNC != 0:
			s.queue.done(p)
			s.metrics.dropped[dropMalformed].Add(1)
		default:
			p.size, p.wire, p.from, p.arrived = n, l, l.origin, s.cfg.Now()
			p.port, p.peer = port, peer
			p.unicast = destination(oob[:oobn]) == l.server
			s.admit(p)
		}
	}
}

// destination gives the address that a packet was sent to. RENEWING clients send
// to ours, REBINDING ones to all (RFC 2131 §4.3.2).
func destination(oob []byte) netip.Addr {
	var cm ipv4.ControlMessage
	if err := cm.Parse(oob); err != nil {
		return netip.Addr{}
	}
	return addrOf(cm.Dst)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
