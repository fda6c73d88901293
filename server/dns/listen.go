package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// readBuffer is what the kernel keeps of a burst that comes faster than it is
// answered; it gives less where net.core.rmem_max says so.
const readBuffer = 4 << 20

// endpoint is one address that is served, over both transports.
type endpoint struct {
	addr netip.AddrPort
	udp  *net.UDPConn
	tcp  *net.TCPListener
}

// listen opens both sockets of an address. Port 0 takes any port that is free
// for both.
func listen(ctx context.Context, addr netip.AddrPort) (*endpoint, error) {
	const attempts = 8 // at a port that is free for TCP only
	for try := 1; ; try++ {
		e, err := listenOnce(ctx, addr)
		if err == nil || addr.Port() != 0 || try == attempts || !errors.Is(err, syscall.EADDRINUSE) {
			return e, err
		}
	}
}

func listenOnce(ctx context.Context, addr netip.AddrPort) (*endpoint, error) {
	family := "4"
	if addr.Addr().Is6() {
		family = "6"
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp"+family, addr.String())
	if err != nil {
		return nil, explain("tcp", addr, err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		panic("dns: a TCP listener of another kind")
	}
	bound := netip.AddrPortFrom(addr.Addr(), tcp.Addr().(*net.TCPAddr).AddrPort().Port()) //nolint:forcetypeassert // of a TCP listener
	udp, err := net.ListenUDP("udp"+family, net.UDPAddrFromAddrPort(bound))
	if err == nil {
		err = errors.Join(askDestination(udp, bound.Addr()), udp.SetReadBuffer(readBuffer))
	}
	if err != nil {
		return nil, errors.Join(explain("udp", bound, err), tcp.Close())
	}
	return &endpoint{bound, udp, tcp}, nil
}

// askDestination makes a socket on all addresses say which one a query was sent
// to: the answer must leave from there, or the client does not take it.
func askDestination(c *net.UDPConn, addr netip.Addr) error {
	switch {
	case !addr.IsUnspecified():
		return nil
	case addr.Is4():
		return ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst, true)
	default:
		return ipv6.NewPacketConn(c).SetControlMessage(ipv6.FlagDst, true)
	}
}

// explain says what stands in the way of listening and what to do.
func explain(network string, addr netip.AddrPort, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && addr.Addr().IsUnspecified():
		return fmt.Errorf("listen for DNS on %s %s: another name server has this port on one of the addresses, "+
			"often systemd-resolved on 127.0.0.53: listen on the address of the boot network instead of on all: %w", network, addr, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen for DNS on %s %s: another name server has this port: stop it ('ss -lnp sport = :%d' names it) "+
			"or choose another address: %w", network, addr, addr.Port(), err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listen for DNS on %s %s: no interface of this machine has this address: "+
			"'ip address' lists those that it has: %w", network, addr, err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("listen for DNS on %s %s: not permitted: a port below 1024 needs root or CAP_NET_BIND_SERVICE: %w", network, addr, err)
	default:
		return fmt.Errorf("listen for DNS on %s %s: %w", network, addr, err)
	}
}

func (e *endpoint) close() error { return errors.Join(e.udp.Close(), e.tcp.Close()) }
