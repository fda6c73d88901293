package dhcp

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// maxPacket is more than an Ethernet frame holds; longer ones are dropped.
const maxPacket = 2048

// datagram is a buffer and what it holds. There is a fixed number of them.
type datagram struct {
	buffer  [maxPacket]byte
	size    int
	wire    wire
	from    origin
	unicast bool           // it was sent to an address of ours, not to all
	port    uint16         // of ours, that it came to
	peer    netip.AddrPort // that sent it: a client, or its relay
	arrived time.Time
}

// origin is the network that a packet came from.
type origin struct {
	name   string     // of the interface
	server netip.Addr // our address there
}

// queue holds packets for the workers. When it is full the oldest packet goes:
// its client has asked again by then, or soon will.
type queue struct {
	waiting chan *datagram
	free    chan *datagram
	dropped *atomic.Uint64
}

// newQueue makes a queue for depth packets, and as many more buffers as holders
// may have in their hands at the same time.
func newQueue(depth, holders int, dropped *atomic.Uint64) *queue {
	q := &queue{
		waiting: make(chan *datagram, depth),
		free:    make(chan *datagram, depth+holders),
		dropped: dropped,
	}
	for range depth + holders {
		q.free <- &datagram{}
	}
	return q
}

// blank gives a buffer to read into.
func (q *queue) blank() *datagram { return <-q.free }

// push queues p and never blocks on the workers.
func (q *queue) push(p *datagram) {
	for {
		select {
		case q.waiting <- p:
			return
		default:
		}
		select {
		case oldest := <-q.waiting:
			q.dropped.Add(1)
			q.free <- oldest
		default:
		}
	}
}

// done gives a buffer back.
func (q *queue) done(p *datagram) { q.free <- p }

// close lets the workers run dry. Nothing may be pushed afterwards.
func (q *queue) close() { close(q.waiting) }
