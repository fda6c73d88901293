package dhcp6

import (
	"context"
	"fmt"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
)

// maxPacket is more than an Ethernet frame holds; longer ones are dropped.
const maxPacket = 2048

// datagram is a packet as it came.
type datagram struct {
	payload []byte
	wire    wire
	from    origin
	peer    netip.AddrPort // that sent it: a client, or its relay
	to      netip.Addr     // of ours, or of a group
	arrived time.Time
}

// origin is the network that a packet came from.
type origin struct {
	name   string     // of the interface
	server netip.Addr // our address there
	local  netip.Addr // our link-local one, from which clients there are answered
}

// source is the address that a reply leaves from (RFC 6724).
func (o origin) source(to netip.Addr) netip.Addr {
	if o.local.IsValid() && to.IsLinkLocalUnicast() {
		return o.local
	}
	return o.server
}

// wire sends replies. A link is one; tests have another.
type wire interface {
	send(to netip.AddrPort, payload []byte) error
}

// push queues a packet by who sent it.
func (s *Server) push(d *datagram) { s.queue.push(d, s.isRegular(d)) }

// patience is how long a client waits for an answer before it asks again: one
// second (RFC 8415 §7.6), give or take a tenth, and twice that the next time.
const patience = 2 * time.Second

// work answers packets until ctx ends.
func (s *Server) work(ctx context.Context) {
	for {
		d, ok := s.queue.pop(ctx)
		switch {
		case !ok:
			return
		case s.cfg.Now().Sub(d.arrived) > patience:
			s.metrics.dropped[dropStale].Add(1)
		default:
			s.handle(ctx, d)
		}
	}
}

// handle takes one packet from the wire to its reply and its timeline row.
func (s *Server) handle(ctx context.Context, d *datagram) {
	defer s.contain(d)
	q, err := classify(d)
	if err != nil {
		s.metrics.dropped[dropMalformed].Add(1)
		s.cfg.Log.Debug("dropped a malformed DHCPv6 packet", "interface", d.from.name, "error", err)
		return
	}
	s.metrics.received[kindIndex(q.msg.MessageType)].Add(1)
	if l, ok := d.wire.(*link); ok {
		s.askOthers(l, q)
	}
	v := s.answer(ctx, q)
	s.tape.Add(v.known.Machine != nil, d.arrived, q.boot.MAC, bare(d.peer), netip.AddrPortFrom(d.to, serverPort), d.payload)
	if v.err != nil {
		s.complain("keeping a DHCPv6 lease failed", "message", q.msg.MessageType.String(), "mac", q.boot.MAC.String(), "error", v.err)
	}
	switch {
	case v.reply == nil:
		s.metrics.dropped[v.drop].Add(1)
		s.record(q, v)
	case v.reply.MessageType == dhcpv6.MessageTypeAdvertise:
		s.record(q, v) // the client's Request may be here before we are back from sending
		s.reply(d, q, v)
	case s.reply(d, q, v):
		s.record(q, v)
	}
}

// reply sends and counts.
func (s *Server) reply(d *datagram, q *query, v verdict) bool {
	payload := q.wrap(v.reply).ToBytes()
	to := q.returnTo()
	at := s.cfg.Now() // the client's next packet may be here before we are back from sending
	if err := d.wire.send(to, payload); err != nil {
		s.metrics.dropped[dropSend].Add(1)
		s.complain("sending a DHCPv6 reply failed", "interface", d.from.name, "mac", q.boot.MAC.String(), "error", err)
		return false
	}
	s.tape.Add(v.known.Machine != nil, at, q.boot.MAC, netip.AddrPortFrom(d.from.source(to.Addr()), serverPort), bare(to), payload)
	s.metrics.sent[kindIndex(v.reply.MessageType)].Add(1)
	if v.reply.MessageType == dhcpv6.MessageTypeReply && v.lease.Address.IsValid() {
		s.metrics.latency.Observe(s.cfg.Now().Sub(d.arrived).Seconds())
	}
	return true
}

// bare is an address without its zone, which is a name of ours and not on the wire.
func bare(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().WithZone(""), a.Port())
}

// contain keeps a fault of ours from ending the process: the packet is lost, as
// packets are.
func (s *Server) contain(d *datagram) {
	fault := recover()
	if fault == nil {
		return
	}
	s.metrics.dropped[dropPanic].Add(1)
	s.complain("answering a DHCPv6 packet panicked", "interface", d.from.name,
		"fault", fmt.Sprint(fault), "packet", fmt.Sprintf("%x", d.payload), "stack", string(debug.Stack()))
}

// sweepEvery writes the rows of exchanges that came to nothing.
func (s *Server) sweepEvery(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, row := range s.exchanges.Sweep(s.cfg.Now()) {
				s.cfg.Journal.Note(row)
			}
		}
	}
}
