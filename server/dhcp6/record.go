package dhcp6

import (
	"fmt"
	"strconv"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/journal"
	"firstlight/server/lease"
)

// record tells the journal, after the reply left. What may still come to a
// better end waits in the exchange; a renewal is counted but gets no row.
func (s *Server) record(q *query, v verdict) {
	kind := q.msg.MessageType
	switch {
	case v.reply == nil:
		s.unanswered(q, v)
	case v.refused && v.reply.MessageType == dhcpv6.MessageTypeAdvertise: // it goes on asking
		s.exchanges.Note(q.at, s.row(q, v, journal.Refused, "%s was refused: %s", q.who(), v.why))
	case v.refused:
		s.finish(q, s.row(q, v, journal.Refused, "%s was refused: %s", q.who(), v.why))
	case kind == dhcpv6.MessageTypeRelease && v.lease.Address.IsValid():
		s.finish(q, s.row(q, v, journal.Returned, "%s gave %s back", q.who(), v.lease.Address))
	case kind == dhcpv6.MessageTypeDecline && v.lease.Address.IsValid():
		s.finish(q, s.row(q, v, journal.Declined, "%s found %s in use by another: kept out for %s", q.who(), v.lease.Address, lease.Probation))
	case v.reply.MessageType == dhcpv6.MessageTypeAdvertise:
		s.exchanges.Note(q.at, s.row(q, v, journal.NotTaken, "%s was offered %s and did not take it", q.who(), v.lease.Address))
	case kind == dhcpv6.MessageTypeInformationRequest && q.isBoot():
		s.cfg.Journal.Decided(q.boot, v.decision, v.known)
		s.finish(q, s.row(q, v, journal.Directed, "INFORMATION-REQUEST, REPLY: %s boots %s", q.who(), v.boots))
	case v.lease.Address.IsValid():
		s.bound(q, v)
	}
}

// bound writes the row of a whole exchange.
func (s *Server) bound(q *query, v verdict) {
	if q.isBoot() {
		s.cfg.Journal.Decided(q.boot, v.decision, v.known)
	}
	s.sighted(q)
	e := s.exchanges.End(q.boot.MAC, s.cfg.Now())
	text := "SOLICIT, ADVERTISE, REQUEST, REPLY: %s gets %s"
	switch {
	case q.msg.MessageType == dhcpv6.MessageTypeRenew, q.msg.MessageType == dhcpv6.MessageTypeRebind:
		return
	case q.msg.MessageType == dhcpv6.MessageTypeSolicit:
		text = "SOLICIT, REPLY: %s gets %s"
	case e.Packets == 1:
		text = "REQUEST, REPLY: %s gets %s"
	}
	s.cfg.Journal.Note(e.As(s.row(q, v, journal.Bound, text, q.who(), v.lease.Address)))
}

// unanswered remembers that a client hears nothing, and why. The decision is
// told once, not with each of its packets. On a network that nobody configured,
// machines that boot are told of, so that one can be found that hears nothing;
// what else is there is somebody else's.
func (s *Server) unanswered(q *query, v verdict) {
	switch {
	case v.drop == dropOtherServer && q.msg.MessageType == dhcpv6.MessageTypeRequest:
		server := s.chosen(q)
		if e := s.exchanges.End(q.boot.MAC, q.at); e.Packets > 1 {
			row := s.row(q, v, journal.Elsewhere, "%s took the offer of another DHCPv6 server, %s", q.who(), server)
			row.Details[journal.DetailServer] = server
			s.cfg.Journal.Note(e.As(row))
		}
		return
	case v.drop == dropOtherServer, v.drop == dropMalformed, v.drop == dropNoSubnet && (v.subnet != nil || !q.isBoot()):
		return
	}
	first := s.exchanges.Note(q.at, s.row(q, v, journal.Unanswered, "%s asked for an IPv6 address and got no answer: %s", q.who(), v.why))
	if first && q.isBoot() && v.drop == dropPolicy {
		s.cfg.Journal.Decided(q.boot, v.decision, v.known)
	}
}

// finish ends the client's exchange with a row.
func (s *Server) finish(q *query, row journal.Event) {
	s.cfg.Journal.Note(s.exchanges.End(q.boot.MAC, q.at).As(row))
}

// row is a timeline row with the inputs behind it.
func (s *Server) row(q *query, v verdict, came journal.Outcome, text string, args ...any) journal.Event {
	e := journal.Event{
		At: q.at, MAC: q.boot.MAC, Source: journal.DHCP, Text: fmt.Sprintf(text, args...),
		Details: details(q, v, came),
	}
	if v.known.Machine != nil {
		e.Machine = v.known.Machine.ID
	}
	return e
}

func details(q *query, v verdict, came journal.Outcome) map[string]string {
	d := map[string]string{"interface": q.from.name, journal.DetailOutcome: string(came)}
	add := func(key, value string) {
		if value != "" {
			d[key] = value
		}
	}
	if v.subnet != nil {
		add("subnet", v.subnet.Name)
	}
	if len(q.relays) > 0 {
		add(journal.DetailRelay, q.peer.Addr().WithZone("").String())
	}
	if v.lease.Address.IsValid() {
		add("address", v.lease.Address.String())
	}
	if v.lease.Life > 0 {
		add("lease", v.lease.Life.Round(time.Second).String())
	}
	add("boots", v.boots)
	add(journal.DetailProblem, v.why)
	if came == journal.Unanswered {
		add(journal.DetailReason, names[v.drop])
	}
	if v.full {
		add(journal.DetailReason, reasonFull)
	}
	add("vendor_class", q.vendor)
	add("uuid", q.boot.UUID)
	add(journal.DetailDUID, fmt.Sprintf("%x", q.duid))
	if q.isBoot() {
		add("stage", string(q.boot.Stage))
		add("arch", strconv.Itoa(int(q.boot.Arch)))
		if t := q.msg.Options.ElapsedTime(); t >= time.Second {
			add(journal.DetailSecs, strconv.Itoa(int(t/time.Second)))
		}
	}
	return d
}
