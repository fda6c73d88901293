package dhcp

import (
	"fmt"
	"strconv"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/exchange"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// record tells the journal, after the reply left. What may still come to a
// better end waits in the exchange; a renewal is counted but gets no row.
func (s *Server) record(q *query, v verdict) {
	reply := dhcpv4.MessageTypeNone
	if v.reply != nil {
		reply = v.reply.kind
	}
	switch {
	case reply == dhcpv4.MessageTypeOffer && !v.lease.Address.IsValid():
		s.exchanges.Note(q.at, s.row(q, v, journal.Directed, "%s was told where to boot %s, and no more was heard of it", q.who(), v.boots))
	case reply == dhcpv4.MessageTypeOffer:
		s.exchanges.Note(q.at, s.row(q, v, journal.NotTaken, "%s was offered %s and did not take it", q.who(), v.lease.Address))
	case reply == dhcpv4.MessageTypeAck && q.port == bootPort:
		s.cfg.Journal.Decided(q.boot, v.decision, v.known)
		s.finish(q, s.row(q, v, journal.Directed, "REQUEST to port %d, ACK: %s, which has %s, boots %s", bootPort, q.who(), q.ciaddr, v.boots))
	case reply == dhcpv4.MessageTypeAck && v.lease.Address.IsValid():
		s.acknowledged(q, v)
	case reply == dhcpv4.MessageTypeNak:
		s.finish(q, s.row(q, v, journal.Refused, "%s was refused: %s", q.who(), v.why))
	case q.kind == dhcpv4.MessageTypeRelease && v.drop == reasonDone:
		s.finish(q, s.row(q, v, journal.Returned, "%s gave %s back", q.who(), v.lease.Address))
	case q.kind == dhcpv4.MessageTypeDecline && v.drop == reasonDone:
		s.finish(q, s.row(q, v, journal.Declined, "%s found %s in use by another: kept out for %s", q.who(), v.lease.Address, lease.Probation))
	case v.drop == dropOtherServer && q.kind == dhcpv4.MessageTypeRequest:
		if seen, news := s.chosen(q); !s.tookAnother(q, v) && news {
			s.tellOf(seen)
		}
	case v.reply == nil && (q.kind == dhcpv4.MessageTypeDiscover || q.kind == dhcpv4.MessageTypeRequest):
		s.unanswered(q, v)
	}
}

// acknowledged writes the row of a whole exchange.
func (s *Server) acknowledged(q *query, v verdict) {
	if q.isBoot() {
		s.cfg.Journal.Decided(q.boot, v.decision, v.known)
	}
	s.sighted(q)
	e := s.exchanges.End(q.boot.MAC, s.cfg.Now())
	switch {
	case q.ciaddr.IsValid(): // a renewal
		return
	case e.Packets == 1:
		s.finishAs(e, s.row(q, v, journal.Bound, "REQUEST, ACK: %s has %s again", q.who(), v.lease.Address))
	default:
		s.finishAs(e, s.row(q, v, journal.Bound, "DISCOVER, OFFER, REQUEST, ACK: %s gets %s", q.who(), v.lease.Address))
	}
}

// unanswered remembers that a client hears nothing, and why. The decision is
// told once, not with each of its packets.
func (s *Server) unanswered(q *query, v verdict) {
	// On a network that nobody configured, machines that boot are told of, so that
	// one can be found that hears nothing; what else is there is somebody else's.
	if v.drop == dropMalformed || v.drop == dropNotBoot || v.drop == dropNoSubnet && (v.subnet != nil || !q.isBoot()) {
		return
	}
	row := s.row(q, v, journal.Unanswered, "%s asked for an address and got no answer: %s", q.who(), v.why)
	if v.drop == dropNoSubnet && !q.giaddr.IsValid() {
		if six := s.byIPv6(q.from.name); six != "" {
			row.Details[journal.DetailSix] = six
		}
	}
	first := s.exchanges.Note(q.at, row)
	if first && q.isBoot() && v.drop == dropPolicy {
		s.cfg.Journal.Decided(q.boot, v.decision, v.known)
	}
}

// byIPv6 is the subnet by which the network of an interface is served by IPv6; ""
// when it is not. Whoever boots there tries IPv4 first and goes on.
func (s *Server) byIPv6(device string) string {
	for _, i := range s.cfg.Interfaces {
		if i.Name != device || !i.Address6.IsValid() {
			continue
		}
		if n, ok := s.cfg.Inventory.SubnetFor(i.Address6); ok && n.Mode == machine.ModeServer {
			return n.Name
		}
	}
	return ""
}

// tookAnother ends an exchange that another server won, and tells whether there
// was one: of requests that were never ours it has nothing to say.
func (s *Server) tookAnother(q *query, v verdict) bool {
	e := s.exchanges.End(q.boot.MAC, q.at)
	switch {
	case e.Packets < 2:
		return false
	case v.subnet.Mode == machine.ModeProxy:
		v.boots = e.Row.Details["boots"]
		s.sighted(q)
		s.cfg.Journal.Decided(q.boot, v.decision, v.known)
		row := s.row(q, v, journal.Directed, "DISCOVER, OFFER, REQUEST: %s takes %s from the DHCP server %s, and boots %s from us", q.who(), q.wants, q.server, v.boots)
		row.Details[journal.DetailServer] = q.server.String()
		s.finishAs(e, row)
	default:
		row := s.row(q, v, journal.Elsewhere, "%s took the offer of another DHCP server, %s", q.who(), q.server)
		row.Details[journal.DetailServer] = q.server.String()
		s.finishAs(e, row)
	}
	return true
}

// finish ends the client's exchange with a row.
func (s *Server) finish(q *query, row journal.Event) {
	s.finishAs(s.exchanges.End(q.boot.MAC, q.at), row)
}

func (s *Server) finishAs(e exchange.Exchange, row journal.Event) { s.cfg.Journal.Note(e.As(row)) }

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
	if q.giaddr.IsValid() {
		add(journal.DetailRelay, q.giaddr.String())
		if q.packet.RelayAgentInfo() == nil {
			add(journal.DetailOption, "absent")
		}
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
	add("vendor_class", q.vendor)
	add("uuid", q.boot.UUID)
	if q.isBoot() {
		add("stage", string(q.boot.Stage))
		add("arch", strconv.Itoa(int(q.boot.Arch)))
		if q.packet.NumSeconds > 0 {
			add(journal.DetailSecs, strconv.Itoa(int(q.packet.NumSeconds)))
		}
	}
	return d
}
