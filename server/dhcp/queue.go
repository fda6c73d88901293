package dhcp

import (
	"net/netip"
	"sync"
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
	class   class // how soon it is answered
}

// to is where it was sent.
func (d *datagram) to() netip.AddrPort {
	if d.unicast {
		return netip.AddrPortFrom(d.from.server, d.port)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), d.port)
}

// origin is the network that a packet came from.
type origin struct {
	name   string     // of the interface
	server netip.Addr // our address there
}

// queue holds packets for the workers, who get those of the most important class
// first. When it is full the oldest packet of the least important class goes:
// its client has asked again by then, or soon will.
type queue struct {
	free chan *datagram
	shed func(class)

	mu      sync.Mutex
	some    sync.Cond // a packet waits, or the end has come
	waiting [classes]ring
	count   int // of all classes
	depth   int
	closed  bool
}

// ring is a first-in, first-out list of a fixed capacity.
type ring struct {
	slots       []*datagram
	head, count int
}

func (r *ring) push(p *datagram) {
	r.slots[(r.head+r.count)%len(r.slots)] = p
	r.count++
}

func (r *ring) pop() *datagram {
	p := r.slots[r.head]
	r.head, r.count = (r.head+1)%len(r.slots), r.count-1
	return p
}

// newQueue makes a queue for depth packets, and as many more buffers as holders
// may have in their hands at the same time. shed hears of each packet that goes.
func newQueue(depth, holders int, shed func(class)) *queue {
	q := &queue{free: make(chan *datagram, depth+holders), shed: shed, depth: depth}
	q.some.L = &q.mu
	for c := range q.waiting {
		q.waiting[c].slots = make([]*datagram, depth)
	}
	for range depth + holders {
		q.free <- &datagram{}
	}
	return q
}

// blank gives a buffer to read into.
func (q *queue) blank() *datagram { return <-q.free }

// push queues p by its class and never blocks on the workers.
func (q *queue) push(p *datagram) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count == q.depth && !q.makeRoom(p.class) {
		q.shed(p.class)
		q.free <- p
		return
	}
	q.waiting[p.class].push(p)
	q.count++
	q.some.Signal()
}

// makeRoom drops the oldest of the least important packets, if it is no more
// important than what comes.
func (q *queue) makeRoom(comes class) bool {
	for c := classes - 1; c >= comes; c-- {
		if q.waiting[c].count > 0 {
			q.shed(c)
			q.free <- q.waiting[c].pop()
			q.count--
			return true
		}
	}
	return false
}

// pop waits for the next packet; there is none after the end.
func (q *queue) pop() (*datagram, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.count == 0 && !q.closed {
		q.some.Wait()
	}
	for c := range q.waiting {
		if q.waiting[c].count > 0 {
			q.count--
			return q.waiting[c].pop(), true
		}
	}
	return nil, false
}

// length is how many packets of a class wait.
func (q *queue) length(c class) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[c].count
}

// done gives a buffer back.
func (q *queue) done(p *datagram) { q.free <- p }

// close lets the workers run dry. Nothing may be pushed afterwards.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.some.Broadcast()
}
