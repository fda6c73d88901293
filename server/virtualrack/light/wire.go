package light

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"firstlight/server/machine"
)

// Plug is the interface that all light machines share. It holds the address of
// each of them while it has one.
type Plug interface {
	Add(netip.Prefix) error
	Remove(netip.Prefix) error
}

// Wire is the network as light machines see it: one packet socket that sends
// from every machine's MAC and hears for all of them, and the interface's
// addresses for everything above DHCP.
type Wire struct {
	plug Plug
	conn *packet.Conn
	done chan struct{}
	// writers bounds how many images are unpacked at the same time; each takes
	// some 20 MB.
	writers chan struct{}

	relays sync.Once // the relay's address is there

	mu   sync.Mutex
	hear map[machine.MAC]chan *dhcpv4.DHCPv4
}

const (
	etherIPv4     = 0x0800
	receiveBuffer = 8 << 20 // a thousand machines that power on at once are answered at once
	imagesAtOnce  = 8
)

// Open opens the wire on an interface.
func Open(name string, plug Plug) (*Wire, error) {
	conn, err := listen(name)
	if err != nil {
		return nil, fmt.Errorf("open the light machines' wire on %s: %w", name, err)
	}
	w := &Wire{
		plug: plug, conn: conn, done: make(chan struct{}), writers: make(chan struct{}, imagesAtOnce),
		hear: map[machine.MAC]chan *dhcpv4.DHCPv4{},
	}
	go w.read()
	return w, nil
}

func listen(name string) (*packet.Conn, error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	filter, err := bpf.Assemble(toClients)
	if err != nil {
		return nil, err
	}
	conn, err := packet.Listen(ifi, packet.Raw, etherIPv4, &packet.Config{Filter: filter})
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			// What is not allowed is not needed for a few machines.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer)
		})
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// relay has the interface be the relay that some machines say they are behind,
// so that what we send there comes to them.
func (w *Wire) relay() (err error) {
	w.relays.Do(func() { err = w.plug.Add(netip.PrefixFrom(ownRelay, ownRelay.BitLen())) })
	return err
}

// Close closes the wire; machines on it hear nothing any more.
func (w *Wire) Close() error {
	err := w.conn.Close()
	<-w.done
	return err
}

func (w *Wire) read() {
	defer close(w.done)
	for b := make([]byte, 65536); ; {
		n, _, err := w.conn.ReadFrom(b)
		if err != nil {
			return
		}
		if p, ok := unwrap(b[:n]); ok && p.OpCode == dhcpv4.OpcodeBootReply {
			w.deliver(p)
		}
	}
}

// deliver never waits: a machine that does not listen misses its reply and
// asks again, as real ones do.
func (w *Wire) deliver(p *dhcpv4.DHCPv4) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.hear[machine.MACFrom(p.ClientHWAddr)] <- p:
	default:
	}
}

// listenFor opens the ear of one MAC until the returned function is called.
func (w *Wire) listenFor(mac machine.MAC) (<-chan *dhcpv4.DHCPv4, func()) {
	c := make(chan *dhcpv4.DHCPv4, 8)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hear[mac] = c
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.hear, mac)
	}
}

func (w *Wire) send(from machine.MAC, message []byte) error {
	_, err := w.conn.WriteTo(broadcast(from, message), &packet.Addr{HardwareAddr: net.HardwareAddr{255, 255, 255, 255, 255, 255}})
	return err
}
