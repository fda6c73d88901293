package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// work answers packets until the queue is closed and empty.
func (s *Server) work(ctx context.Context) {
	for {
		d, ok := s.queue.pop()
		if !ok {
			return
		}
		switch {
		case ctx.Err() != nil:
		case s.stale(d):
			s.metrics.dropped[dropStale].Add(1)
		default:
			s.handle(ctx, d)
		}
		s.queue.done(d)
	}
}

// handle takes one packet from the wire to its reply and its timeline row.
func (s *Server) handle(ctx context.Context, d *datagram) {
	defer s.contain(d.from, func() []byte { return d.buffer[:d.size] })
	q, err := classify(d)
	switch {
	case errors.Is(err, errLoop):
		s.metrics.dropped[dropLoop].Add(1)
		return
	case err != nil:
		s.tapeMalformed(d)
		s.metrics.dropped[dropMalformed].Add(1)
		s.cfg.Log.Debug("dropped a malformed DHCP packet", "interface", d.from.name, "error", err)
		return
	}
	if s.isOwn(q.giaddr) {
		s.metrics.dropped[dropLoop].Add(1)
		return
	}
	s.metrics.received[kindIndex(q.kind)].Add(1)
	v := s.answer(ctx, q)
	s.tape.Add(v.known.Machine != nil, d.arrived, q.boot.MAC, d.peer, d.to(), d.buffer[:d.size])
	if v.doubtful {
		if s.later(ctx, q, v) {
			return
		}
		v = s.grant(q, v, dhcpv4.MessageTypeOffer)
	}
	s.complete(q, v)
}

// complete hands the reply, if there is one, to the wire; without one it counts
// and records why.
func (s *Server) complete(q *query, v verdict) {
	if v.err != nil {
		s.complain("keeping a DHCP lease failed", "message", q.kind.String(), "mac", q.boot.MAC.String(), "error", v.err)
	}
	if v.reply == nil {
		if v.drop != reasonDone {
			s.metrics.dropped[v.drop].Add(1)
		}
		s.record(q, v)
		return
	}
	payload := v.reply.bytes()
	if len(payload) > maxReply {
		// Only a client that sends identifiers of a thousand bytes gets here.
		s.metrics.dropped[dropMalformed].Add(1)
		return
	}
	if v.reply.kind == dhcpv4.MessageTypeOffer {
		s.record(q, v) // the client's REQUEST may be here before the wire says that it left
	}
	q.wire.send(&letter{route: routeOf(q, v.reply), payload: payload, at: s.cfg.Now(), query: q, verdict: v, gone: s.sent})
}

// sent counts and records a reply that left, or did not.
func (s *Server) sent(l *letter, err error) {
	q, v := l.query, l.verdict
	defer s.contain(q.from, func() []byte { return l.payload })
	if err != nil {
		s.metrics.dropped[dropSend].Add(1)
		s.complain("sending a DHCP reply failed", "interface", q.from.name, "mac", q.boot.MAC.String(), "error", err)
		return
	}
	// Not dated now: the client's next packet may be here already, and comes after.
	s.tape.Add(v.known.Machine != nil, l.at, q.boot.MAC, netip.AddrPortFrom(q.from.server, q.port), l.to, l.payload)
	kind := v.reply.kind
	s.metrics.sent[kindIndex(kind)].Add(1)
	if kind == dhcpv4.MessageTypeAck {
		s.metrics.latency.Observe(s.cfg.Now().Sub(q.at).Seconds())
	}
	if kind != dhcpv4.MessageTypeOffer {
		s.record(q, v)
	}
}

// contain keeps a fault of ours from ending the process: the packet is lost, as
// packets are.
func (s *Server) contain(from origin, packet func() []byte) {
	fault := recover()
	if fault == nil {
		return
	}
	s.metrics.dropped[dropPanic].Add(1)
	s.complain("answering a DHCP packet panicked", "interface", from.name,
		"fault", fmt.Sprint(fault), "packet", fmt.Sprintf("%x", packet()), "stack", string(debug.Stack()))
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
