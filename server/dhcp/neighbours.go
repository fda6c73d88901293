package dhcp

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"

	"firstlight/server/machine"
)

// neighbours asks on one network who has an address. All questions share one
// socket and one reader, so that a storm costs one frame a question.
type neighbours struct {
	own  net.HardwareAddr
	conn *packet.Conn

	mu   sync.Mutex
	open map[netip.Addr][]chan machine.MAC
}

func openNeighbours(dev *net.Interface) (*neighbours, error) {
	conn, err := packet.Listen(dev, packet.Datagram, unix.ETH_P_ARP, nil)
	if err != nil {
		return nil, err
	}
	n := &neighbours{own: dev.HardwareAddr, conn: conn, open: map[netip.Addr][]chan machine.MAC{}}
	go n.read()
	return n, nil
}

// read hands answers to whoever asked, until the socket is closed. An interface
// that is down for a moment says so once per flap; the socket stays good.
func (n *neighbours) read() {
	b := make([]byte, 128)
	for {
		size, _, err := n.conn.ReadFrom(b)
		if errors.Is(err, unix.ENETDOWN) {
			time.Sleep(100 * time.Millisecond) //nolint:forbidigo // nothing tells when it is up again
			continue
		}
		if err != nil {
			return
		}
		a, mac, ok := arpAnswer(b[:size])
		if !ok {
			continue
		}
		n.mu.Lock()
		for _, asked := range n.open[a] {
			select {
			case asked <- mac:
			default: // it was answered already
			}
		}
		n.mu.Unlock()
	}
}

// ask asks without a sender's address (RFC 5227 §2.1.1), so that nobody's cache
// is changed, and waits for an answer until ctx ends.
func (n *neighbours) ask(ctx context.Context, a netip.Addr) (machine.MAC, bool) {
	answer := make(chan machine.MAC, 1)
	n.mu.Lock()
	n.open[a] = append(n.open[a], answer)
	n.mu.Unlock()
	defer n.forget(a, answer)
	everyone := &packet.Addr{HardwareAddr: net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	if _, err := n.conn.WriteTo(arpProbe(n.own, a), everyone); err != nil {
		return machine.MAC{}, false
	}
	select {
	case mac := <-answer:
		return mac, true
	case <-ctx.Done():
		return machine.MAC{}, false
	}
}

func (n *neighbours) forget(a netip.Addr, answer chan machine.MAC) {
	n.mu.Lock()
	defer n.mu.Unlock()
	rest := n.open[a][:0:0]
	for _, c := range n.open[a] {
		if c != answer {
			rest = append(rest, c)
		}
	}
	if n.open[a] = rest; len(rest) == 0 {
		delete(n.open, a)
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

// arpAnswer reads who says that which address is its own.
func arpAnswer(b []byte) (a netip.Addr, mac machine.MAC, ok bool) {
	if len(b) < arpSize || binary.BigEndian.Uint16(b[6:]) != arpReply {
		return a, mac, false
	}
	return netip.AddrFrom4([4]byte(b[14:18])), machine.MAC(b[8:14]), true
}
