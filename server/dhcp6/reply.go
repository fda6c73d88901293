package dhcp6

import (
	"net"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/rfc1035label"
)

// newReply has what every reply has (RFC 8415 §18.3.10).
func (s *Server) newReply(q *query, kind dhcpv6.MessageType) *dhcpv6.Message {
	r := &dhcpv6.Message{MessageType: kind, TransactionID: q.msg.TransactionID}
	if q.client != nil {
		r.AddOption(dhcpv6.OptClientID(q.client))
	}
	r.AddOption(dhcpv6.OptServerID(s.duid))
	return r
}

// grant writes a reply with what the client asked to know of the network and what
// it boots. Associations are for the caller to add.
func (s *Server) grant(q *query, v verdict, kind dhcpv6.MessageType) verdict {
	v.reply = s.newReply(q, kind)
	addNetwork(v.reply, q, v)
	v.boots, v.why = s.addBoot(v.reply, q, v)
	return v
}

func addNetwork(r *dhcpv6.Message, q *query, v verdict) {
	if q.asksFor(dhcpv6.OptionDNSRecursiveNameServer) {
		servers := []net.IP{q.from.server.AsSlice()}
		if len(v.subnet.DNS) > 0 {
			servers = servers[:0]
			for _, a := range v.subnet.DNS {
				servers = append(servers, a.AsSlice())
			}
		}
		r.AddOption(dhcpv6.OptDNS(servers...))
	}
	addFQDN(r, q, v)
	if v.subnet.Domain != "" && q.asksFor(dhcpv6.OptionDomainSearchList) {
		r.AddOption(dhcpv6.OptDomainSearchList(&rfc1035label.Labels{Labels: []string{v.subnet.Domain}}))
	}
}

// Flags of option 39 (RFC 4704 §4.1).
const (
	fqdnServer   = 1 << 0 // S: we write the address record
	fqdnOverride = 1 << 1 // O: against what the client asked
	fqdnNone     = 1 << 2 // N: nobody writes one
)

// addFQDN answers a client that names itself: a machine has the name that ServerDb
// gives it, which our DNS answers, and anybody else has none.
func addFQDN(r *dhcpv6.Message, q *query, v verdict) {
	asked := q.msg.Options.FQDN()
	if asked == nil {
		return
	}
	answer := &dhcpv6.OptFQDN{Flags: fqdnNone, DomainName: &rfc1035label.Labels{}}
	if m := v.known.Machine; m != nil && m.Hostname != "" && v.subnet.Domain != "" {
		answer = &dhcpv6.OptFQDN{Flags: fqdnServer, DomainName: &rfc1035label.Labels{Labels: []string{m.Hostname + "." + v.subnet.Domain}}}
	}
	if asked.Flags&fqdnServer != answer.Flags&fqdnServer {
		answer.Flags |= fqdnOverride
	}
	r.AddOption(answer)
}

// asksFor reads the option request option (RFC 8415 §21.7); who sends none is
// told everything.
func (q *query) asksFor(code dhcpv6.OptionCode) bool {
	list := q.msg.Options.RequestedOptions()
	return list == nil || slices.Contains(list, code)
}
