package dhcp

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/boot"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// storeTimeout bounds the wait for the disk. The client asks again after four
// seconds (RFC 2131 §4.1); a worker that waits longer serves nobody.
const storeTimeout = 4 * time.Second

// verdict is what a packet leads to: a reply, or the reason for none.
type verdict struct {
	reply    *message // nil: silence
	drop     reason   // why silent
	why      string   // the same, or the reason of a NAK, for people
	err      error    // the store's
	subnet   *machine.Subnet
	segment  []*machine.Subnet // those of which the client may have an address, subnet first
	known    boot.Known
	decision boot.Answer
	lease    lease.Lease // offered, bound, released or declined
	doubtful bool        // the offer waits for whether somebody is on its address
	boots    string      // the file or URL that the reply names
}

func (v verdict) silent(r reason, why string) verdict {
	v.drop, v.why = r, why
	return v
}

// answer runs the state machine of RFC 2131 §4.3 for one packet.
func (s *Server) answer(ctx context.Context, q *query) verdict {
	var v verdict
	subnet, ok := s.subnetOf(q)
	v.subnet = subnet
	switch {
	case subnet == nil:
		return v.silent(dropNoSubnet, "no subnet of ours has the address "+q.network().String())
	case !ok:
		return v.silent(dropNoSubnet, "subnet "+subnet.Name+" is switched off")
	}
	if q.boot.Stage == boot.StageIPXE && s.replaces(q) {
		q.boot.Stage = boot.StageFirmware
	}
	segment, err := s.segment(q, subnet)
	if err != nil {
		return v.silent(dropConflict, err.Error())
	}
	v = s.decide(q, v, segment)
	switch {
	case q.port == bootPort:
		return s.bootServer(q, v)
	case v.subnet.Mode == machine.ModeProxy:
		return s.proxied(q, v)
	case !q.served(v):
		return v.silent(dropPolicy, v.decision.Why)
	}
	if q.kind == dhcpv4.MessageTypeDiscover { // which waits for no disk
		return s.discover(ctx, q, v)
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	switch q.kind {
	case dhcpv4.MessageTypeRequest:
		return s.request(ctx, q, v)
	case dhcpv4.MessageTypeRelease:
		return s.release(ctx, q, v)
	case dhcpv4.MessageTypeDecline:
		return s.decline(ctx, q, v)
	case dhcpv4.MessageTypeInform:
		return s.inform(q, v)
	default:
		return v.silent(dropMalformed, "message type "+q.kind.String()+" is not a client's")
	}
}

// replaces tells an iPXE that gets the loader that we carry before its script.
// It cannot loop: what we carry is none of these.
func (s *Server) replaces(q *query) bool {
	if s.cfg.Secure && q.boot.Platform == "efi" {
		// A ROM or a stock loader that cannot check our certificate is given the
		// loader that can (QUIRKS: ipxe-not-keyed), and never a script over HTTP.
		return !q.keyed
	}
	return s.cfg.OwnLoader && q.lesser // QUIRKS: ipxe-in-rom
}

// decide asks what the client boots in the first subnet of its segment.
func (s *Server) decide(q *query, v verdict, segment []*machine.Subnet) verdict {
	v.segment, v.subnet = segment, segment[0]
	q.boot.Subnet = v.subnet.Name
	v.known = s.cfg.Inventory.Known(q.boot)
	v.decision = boot.Decide(q.boot, v.known, q.at)
	return v
}

// served tells whether the client may have an address.
func (q *query) served(v verdict) bool { return v.decision.Serves(q.boot.Stage, q.vendor) }

// network is an address of the network on which the client is: what its relay
// says (RFC 3527: link selection before giaddr), the client's own when it wrote
// to us through a router, else ours on the interface.
func (q *query) network() netip.Addr {
	if q.relay.link.IsValid() {
		return q.relay.link
	}
	if q.giaddr.IsValid() {
		return q.giaddr
	}
	if q.unicast && q.ciaddr.IsValid() {
		return q.ciaddr
	}
	return q.from.server
}

// discover picks an address to offer. Where somebody may be on it, the offer is
// for settle to make.
func (s *Server) discover(ctx context.Context, q *query, v verdict) verdict {
	if v = s.pick(ctx, q, v); v.drop != reasonDone {
		return v
	}
	if v.doubtful = s.doubtful(q, v); v.doubtful {
		return v
	}
	return s.grant(q, v, dhcpv4.MessageTypeOffer)
}

// pick chooses the address, in the first subnet of the segment that has one.
func (s *Server) pick(ctx context.Context, q *query, v verdict) verdict {
	l, err := s.offer(ctx, q, v)
	for rest := v.segment[1:]; errors.Is(err, lease.ErrFull) && len(rest) > 0; rest = rest[1:] {
		if next := s.decide(q, v, rest); q.served(next) {
			v = next
			l, err = s.offer(ctx, q, v)
		}
	}
	switch {
	case errors.Is(err, lease.ErrFull), errors.Is(err, errAnswered):
		return v.silent(dropNoAddress, "subnet "+v.subnet.Name+": "+err.Error())
	case err != nil:
		v.err = err
		return v.silent(dropStore, "ServerDb did not answer")
	}
	v.lease = l
	return v
}

// request tells the four kinds of REQUEST apart by the table of RFC 2131
// §4.3.2: server identifier, requested address and ciaddr.
func (s *Server) request(ctx context.Context, q *query, v verdict) verdict {
	switch {
	case q.server.IsValid() && !q.means(q.server):
		return v.silent(dropOtherServer, "it took the offer of "+q.server.String())
	case q.ciaddr.IsValid(): // RENEWING and REBINDING
		return s.bind(ctx, q, v, q.ciaddr)
	case !q.wants.IsValid():
		return v.silent(dropMalformed, "a REQUEST names no address")
	case q.server.IsValid(): // SELECTING
		return s.bind(ctx, q, v, q.wants)
	case !v.subnet.Prefix.Contains(q.wants): // INIT-REBOOT in another network
		return s.refuse(q, v, q.wants.String()+" is not an address of subnet "+v.subnet.Name)
	case s.cfg.Leases.Careful(q.at):
		// Nobody remembers, but the client may be right: it is, if nobody else
		// answers.
		if s.answered(ctx, q, q.wants) {
			return s.refuse(q, v, "somebody else answers from "+q.wants.String())
		}
		return s.bind(ctx, q, v, q.wants)
	case !s.remembers(q, v):
		// RFC 2131 §4.3.2: "If the DHCP server has no record of this client,
		// then it MUST remain silent".
		return v.silent(dropUnknownLease, "it asks for "+q.wants.String()+" again, of which there is no record")
	default:
		return s.bind(ctx, q, v, q.wants)
	}
}

// remembers tells whether there is a record of the client: a lease, or the
// machine itself. A machine of ServerDb may have its address again even when
// the lease was lost with an older backup.
func (s *Server) remembers(q *query, v verdict) bool {
	if v.known.Machine != nil {
		return true
	}
	_, ok := s.cfg.Leases.LeaseOf(v.subnet.Name, q.boot.MAC)
	return ok
}

// bind acknowledges an address once its lease is on disk.
func (s *Server) bind(ctx context.Context, q *query, v verdict, wants netip.Addr) verdict {
	if s.elsewhere(q, v, wants) {
		return s.refuse(q, v, "it has an address of another subnet of network "+v.subnet.Network)
	}
	l, err := s.cfg.Leases.Bind(ctx, v.subnet, q.client(wants), q.at)
	switch {
	case errors.Is(err, lease.ErrNotYours):
		return s.refuse(q, v, wants.String()+" is not an address for it")
	case errors.Is(err, lease.ErrFull):
		return v.silent(dropNoAddress, "subnet "+v.subnet.Name+": "+err.Error())
	case err != nil:
		// Not knowing is no reason to take an address away: silence, and the
		// client keeps what it has until its lease ends.
		v.err = err
		return v.silent(dropStore, "ServerDb did not answer")
	}
	v.lease = l
	return s.grant(q, v, dhcpv4.MessageTypeAck)
}

func (s *Server) release(ctx context.Context, q *query, v verdict) verdict {
	if why := q.misdirected(q.ciaddr); why != "" {
		return v.silent(dropOtherServer, why)
	}
	v.lease.Address = q.ciaddr
	v.err = s.cfg.Leases.Release(ctx, v.subnet, q.client(q.ciaddr), q.at)
	return v.silent(reasonDone, "")
}

func (s *Server) decline(ctx context.Context, q *query, v verdict) verdict {
	if why := q.misdirected(q.wants); why != "" {
		return v.silent(dropOtherServer, why)
	}
	v.lease.Address = q.wants
	v.err = s.cfg.Leases.Decline(ctx, v.subnet, q.client(q.wants), q.at)
	return v.silent(reasonDone, "")
}

// misdirected checks a RELEASE or DECLINE: both must name their server and the
// address (RFC 2131 §4.4.1, table 5). One that came to our own address names us
// (QUIRKS: release-without-server).
func (q *query) misdirected(a netip.Addr) string {
	switch {
	case !q.means(q.server) && (q.server.IsValid() || !q.unicast):
		return "it is for another server"
	case !a.IsValid():
		return "it names no address"
	default:
		return ""
	}
}

// inform tells a client with an address of its own the rest. The reply goes to
// ciaddr, so that one outside of the subnet would be a stranger's.
func (s *Server) inform(q *query, v verdict) verdict {
	if !v.subnet.Prefix.Contains(q.ciaddr) {
		return v.silent(dropMalformed, "an INFORM from outside of the subnet")
	}
	return s.grant(q, v, dhcpv4.MessageTypeAck)
}
