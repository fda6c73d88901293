package dhcp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/ipv4"

	"firstlight/server/frame"
)

// letter is a reply on its way.
type letter struct {
	route
	payload []byte
	at      time.Time // when it was handed to the wire
	query   *query
	verdict verdict
	gone    func(*letter, error) // hears that it left, or why not; from one goroutine of each wire
}

// wire sends replies. A link is one; tests have another.
type wire interface {
	send(*letter)
}

// atOnce is how many letters one system call takes, and how many wait for it.
const atOnce = 64

// send leaves a letter for deliver. Hundreds of workers whose leases came to the
// disk with the same commit would stand in line for the lock of the socket, and
// each of them be woken for its turn; so one goroutine writes, and takes what
// has gathered with one system call.
func (l *link) send(m *letter) { l.letters <- m }

// deliver sends letters until there will be no more.
func (l *link) deliver() {
	out := ipv4.NewPacketConn(l.udp)
	messages := make([]ipv4.Message, 0, atOnce)
	for first := range l.letters {
		gathered := l.gather(first)
		messages = messages[:0]
		for _, m := range gathered {
			messages = append(messages, l.message(m))
		}
		for n := 0; n < len(gathered); {
			n += sendSome(out, gathered[n:], messages[n:])
		}
	}
}

// gather takes a letter and those behind it, as many as go by plain UDP from port
// 67. What goes another way is sent on the spot.
func (l *link) gather(first *letter) (all []*letter) {
	for m := first; ; {
		if m.mac.IsZero() && !m.boot {
			all = append(all, m)
		} else {
			m.gone(m, l.sendOne(m))
		}
		if len(all) == atOnce {
			return all
		}
		select {
		case next, ok := <-l.letters:
			if !ok {
				return all
			}
			m = next
		default:
			return all
		}
	}
}

// message is a letter as the kernel takes it, from the address that the client
// knows as its server, whatever the kernel would choose.
func (l *link) message(m *letter) ipv4.Message {
	return ipv4.Message{Buffers: [][]byte{m.payload}, OOB: l.source, Addr: net.UDPAddrFromAddrPort(m.to)}
}

// sendSome sends the first of some letters, at least one, and tells how many
// are done with.
func sendSome(out *ipv4.PacketConn, letters []*letter, messages []ipv4.Message) int {
	n, err := out.WriteBatch(messages, 0)
	n = max(n, 0)
	for _, m := range letters[:n] {
		m.gone(m, nil)
	}
	if n > 0 {
		return n // an error of the one after them comes with the next call
	}
	if err == nil {
		err = errNothingSent
	}
	letters[0].gone(letters[0], fmt.Errorf("send to %s: %w", letters[0].to, err))
	return 1
}

var errNothingSent = errors.New("the kernel took none of it")

// sendOne sends a letter that goes in a frame, or from port 4011.
func (l *link) sendOne(m *letter) error {
	if !m.mac.IsZero() {
		b := frame.UDP(netip.AddrPortFrom(l.server, serverPort), m.to, m.payload)
		_, err := l.frames.WriteTo(b, &packet.Addr{HardwareAddr: net.HardwareAddr(m.mac[:])})
		return err
	}
	_, _, err := l.boot.WriteMsgUDPAddrPort(m.payload, l.source, m.to)
	if err != nil {
		return fmt.Errorf("send to %s: %w", m.to, err)
	}
	return nil
}
