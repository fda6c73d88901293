package dns

import (
	"encoding/binary"
	"slices"

	miekg "github.com/miekg/dns"
)

// maxUDP is the largest datagram sent or promised to be read: it passes every
// path without being fragmented (RFC 9715 §3.1; the default of BIND and Knot).
const maxUDP = 1232

// Where things stand in the header, RFC 1035 §4.1.1.
const (
	headerLen  = 12
	flagQR     = 1 << 7 // of octet 2
	opcodeMask = 0x0f   // of octet 2, three bits up
)

// query is a request as it came from the wire.
type query struct {
	msg  miekg.Msg
	edns *miekg.OPT // nil: none
}

// exchange is one request and its answer, for the metrics.
type exchange struct {
	qtype uint16
	rcode int
	reply []byte // nil: none is sent
}

// respond answers one message from the wire. limit is what the transport can
// carry; out is memory to use. Nothing is sent in answer to what is no request:
// answering answers, two servers would keep each other busy for ever.
func (s *Snapshot) respond(wire []byte, udp bool, nsid string, out []byte) exchange {
	if len(wire) < headerLen || wire[2]&flagQR != 0 {
		return exchange{rcode: -1}
	}
	q, rcode := parse(wire)
	if rcode != miekg.RcodeSuccess {
		return exchange{rcode: rcode, reply: refuse(wire, rcode, out)}
	}
	return s.reply(q, udp, nsid, wire, out)
}

// parse reads a request, or says why it cannot be one.
func parse(wire []byte) (*query, int) {
	if opcode := int(wire[2]>>3) & opcodeMask; opcode != miekg.OpcodeQuery {
		return nil, miekg.RcodeNotImplemented
	}
	count := func(at int) int { return int(binary.BigEndian.Uint16(wire[at:])) }
	questions, answers, authorities, additionals := count(4), count(6), count(8), count(10)
	// RFC 9619 §4: exactly one question. An IXFR brings one SOA (RFC 1995 §3);
	// EDNS and a signature are one record each. More is not worth reading.
	if questions != 1 || answers != 0 || authorities > 1 || additionals > 2 {
		return nil, miekg.RcodeFormatError
	}
	q := &query{}
	if err := q.msg.Unpack(wire); err != nil {
		return nil, miekg.RcodeFormatError
	}
	// The library forgives a message that ends early.
	if len(q.msg.Question) != questions || len(q.msg.Ns) != authorities || len(q.msg.Extra) != additionals {
		return nil, miekg.RcodeFormatError
	}
	return q, q.additional()
}

// additional reads the section where EDNS and signatures are.
func (q *query) additional() int {
	for _, rr := range q.msg.Extra {
		switch rr := rr.(type) {
		case *miekg.OPT:
			if q.edns != nil || rr.Hdr.Name != "." { // RFC 6891 §6.1.1
				return miekg.RcodeFormatError
			}
			q.edns = rr
		case *miekg.TSIG:
			// We share no key with anybody yet: RFC 8945 §5.2.1.
			return miekg.RcodeNotAuth
		}
	}
	return miekg.RcodeSuccess
}

// refuse is a bare header: what the request says cannot be relied upon, so
// nothing of it is repeated but its id, opcode and RD.
func refuse(wire []byte, rcode int, out []byte) []byte {
	out = append(out[:0], wire[0], wire[1], flagQR|wire[2]&0x79, byte(rcode))
	return append(out, 0, 0, 0, 0, 0, 0, 0, 0)
}

// reply answers a well-formed request.
func (s *Snapshot) reply(q *query, udp bool, nsid string, wire, out []byte) exchange {
	asked := q.msg.Question[0]
	var r Reply
	if q.edns != nil && q.edns.Version() != 0 {
		r.Rcode = miekg.RcodeBadVers // RFC 6891 §6.1.3
	} else {
		r = s.Answer(Question{asked.Name, asked.Qtype, asked.Qclass})
	}
	m := &miekg.Msg{
		MsgHdr: miekg.MsgHdr{
			Id: q.msg.Id, Response: true, Rcode: r.Rcode, Authoritative: r.Authoritative,
			RecursionDesired: q.msg.RecursionDesired, CheckingDisabled: q.msg.CheckingDisabled,
		},
		Compress: true,
		Question: q.msg.Question,
		Answer:   r.Answer, Ns: r.Authority, Extra: r.Additional,
	}
	opt := q.option(nsid)
	b, err := pack(m, opt, q.limit(udp), out)
	if err != nil {
		return exchange{asked.Qtype, miekg.RcodeServerFailure, refuse(wire, miekg.RcodeServerFailure, out)}
	}
	return exchange{asked.Qtype, r.Rcode, b}
}

// limit is how large the reply may be: RFC 6891 §6.2.3 and 6.2.5.
func (q *query) limit(udp bool) int {
	switch {
	case !udp:
		return miekg.MaxMsgSize
	case q.edns == nil:
		return miekg.MinMsgSize
	default:
		return min(max(int(q.edns.UDPSize()), miekg.MinMsgSize), maxUDP)
	}
}

// option is the OPT record of the reply: there is one when the request has one
// (RFC 6891 §6.1.1). DO is repeated (RFC 3225 §3), unknown options are not.
func (q *query) option(nsid string) *miekg.OPT {
	if q.edns == nil {
		return nil
	}
	opt := &miekg.OPT{Hdr: miekg.RR_Header{Name: ".", Rrtype: miekg.TypeOPT}}
	opt.SetUDPSize(maxUDP)
	if q.edns.Do() {
		opt.SetDo()
	}
	for _, o := range q.edns.Option {
		if o.Option() == miekg.EDNS0NSID && nsid != "" {
			opt.Option = append(opt.Option, &miekg.EDNS0_NSID{Code: miekg.EDNS0NSID, Nsid: nsid})
			break
		}
	}
	return opt
}

// pack writes the reply and makes it fit: first without what was not asked for,
// which is no truncation (RFC 2181 §9); else empty and marked, so that the
// client asks again over TCP instead of working with a part.
func pack(m *miekg.Msg, opt *miekg.OPT, limit int, out []byte) ([]byte, error) {
	withOption := func(rrs []miekg.RR) []miekg.RR {
		if opt == nil {
			return rrs
		}
		return append(slices.Clip(rrs), opt)
	}
	m.Extra = withOption(m.Extra)
	b, err := m.PackBuffer(out)
	if err != nil || len(b) <= limit {
		return b, err
	}
	m.Extra = withOption(nil)
	if b, err = m.PackBuffer(out); err != nil || len(b) <= limit {
		return b, err
	}
	m.Answer, m.Ns, m.Truncated = nil, nil, true
	return m.PackBuffer(out)
}
