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
	defer s.contain(d)
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
		if s.later(ctx, d, q, v) {
			return
		}
		v = s.grant(q, v, dhcpv4.MessageTypeOffer)
	}
	s.complete(d, q, v)
}

// complete sends the reply, if there is one, counts and records.
func (s *Server) complete(d *datagram, q *query, v verdict) {
	if v.err != nil {
		s.complain("keeping a DHCP lease failed", "message", q.kind.String(), "mac", q.boot.MAC.String(), "error", v.err)
	}
	if v.reply == nil {
		if v.drop != reasonDone {
			s.metrics.dropped[v.drop].Add(1)
		}
	} else if !s.reply(d, q, v) {
		return
	}
	s.record(q, v)
}

// reply sends and counts.
func (s *Server) reply(d *datagram, q *query, v verdict) bool {
	payload := v.reply.ToBytes()
	if len(payload) > maxReply {
		// Only a client that sends identifiers of a thousand bytes gets here.
		s.metrics.dropped[dropMalformed].Add(1)
		return false
	}
	way := routeOf(q, v.reply)
	if err := d.wire.send(way, payload); err != nil {
		s.metrics.dropped[dropSend].Add(1)
		s.complain("sending a DHCP reply failed", "interface", d.from.name, "mac", q.boot.MAC.String(), "error", err)
		return false
	}
	s.tape.Add(v.known.Machine != nil, s.cfg.Now(), q.boot.MAC, netip.AddrPortFrom(d.from.server, d.port), way.to, payload)
	kind := v.reply.MessageType()
	s.metrics.sent[kindIndex(kind)].Add(1)
	if kind == dhcpv4.MessageTypeAck {
		s.metrics.latency.Observe(s.cfg.Now().Sub(d.arrived).Seconds())
	}
	return true
}

// contain keeps a fault of ours from ending the process: the packet is lost, as
// packets are.
func (s *Server) contain(d *datagram) {
	fault := recover()
	if fault == nil {
		return
	}
	s.metrics.dropped[dropPanic].Add(1)
	s.complain("answering a DHCP packet panicked", "interface", d.from.name,
		"fault", fmt.Sprint(fault), "packet", fmt.Sprintf("%x", d.buffer[:d.size]), "stack", string(debug.Stack()))
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
