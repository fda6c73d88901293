package dns

import miekg "github.com/miekg/dns"

// Question is what is asked.
type Question struct {
	Name  string // absolute, in the case of the one who asks
	Type  uint16
	Class uint16
}

// Reply is the answer to a question, before anything of the wire: no id, no
// size, no EDNS. Records are shared with the snapshot and must not be changed.
type Reply struct {
	Rcode         int
	Authoritative bool
	Answer        []miekg.RR
	Authority     []miekg.RR
	Additional    []miekg.RR
}

// Answer answers a question from the zones of s. It is pure.
func (s *Snapshot) Answer(q Question) Reply {
	if rcode := unanswerable(q); rcode != miekg.RcodeSuccess {
		return Reply{Rcode: rcode}
	}
	name := canonical(q.Name)
	t, ok := s.find(name)
	if !ok { // not ours; and no upward referral, which only helps attackers
		return Reply{Rcode: miekg.RcodeRefused}
	}
	n, ok := t.nodes[name]
	if !ok {
		return Reply{Rcode: miekg.RcodeNameError, Authoritative: true, Authority: []miekg.RR{t.negative}}
	}
	found := n.find(q.Type)
	if q.Type == miekg.TypeANY && len(n.sets) > 0 {
		// RFC 8482 §4.1: one set is an answer to ANY, and no amplification.
		found = n.sets[0].records
	}
	if len(found) == 0 { // NODATA, RFC 2308 §2.2
		return Reply{Authoritative: true, Authority: []miekg.RR{t.negative}}
	}
	return Reply{Authoritative: true, Answer: asAsked(found, q.Name), Additional: t.glue(found)}
}

// unanswerable sorts out what is asked of a name server but is no question
// after data. NOERROR means that it is one.
func unanswerable(q Question) int {
	switch {
	case q.Class != miekg.ClassINET:
		return miekg.RcodeRefused
	case q.Type == miekg.TypeNone, q.Type == miekg.TypeOPT, q.Type == miekg.TypeTSIG, q.Type == miekg.TypeTKEY:
		// Types that stand in the additional section only (RFC 6895 §3.1).
		return miekg.RcodeFormatError
	case q.Type == miekg.TypeAXFR, q.Type == miekg.TypeIXFR:
		// No secondary is known here: a whole zone is a map for attackers.
		return miekg.RcodeRefused
	case q.Type == miekg.TypeMAILA, q.Type == miekg.TypeMAILB:
		return miekg.RcodeNotImplemented
	default:
		return miekg.RcodeSuccess
	}
}

// find gives the deepest zone that holds a name.
func (s *Snapshot) find(name string) (*table, bool) {
	for ; ; name = upper(name) {
		if t, ok := s.tables[name]; ok {
			return t, true
		}
		if name == "." {
			return nil, false
		}
	}
}

// glue are the addresses of the name servers among rrs, as far as this zone
// has them, so that one question is enough.
func (t *table) glue(rrs []miekg.RR) (extra []miekg.RR) {
	for _, rr := range rrs {
		ns, ok := rr.(*miekg.NS)
		if !ok {
			return nil
		}
		if n, ok := t.nodes[canonical(ns.Ns)]; ok {
			extra = append(extra, n.find(miekg.TypeA)...)
			extra = append(extra, n.find(miekg.TypeAAAA)...)
		}
	}
	return extra
}
