package dns

import (
	"net"

	miekg "github.com/miekg/dns"

	"firstlight/server/zone"
)

// records are a set's records for the wire.
func records(r zone.RRset) []miekg.RR {
	hdr := miekg.RR_Header{Name: r.Name, Rrtype: uint16(r.Type), Class: miekg.ClassINET, Ttl: zone.Seconds(r.TTL)}
	rrs := make([]miekg.RR, len(r.Data))
	for i, d := range r.Data {
		rrs[i] = record(hdr, d)
	}
	return rrs
}

func record(hdr miekg.RR_Header, d zone.Data) miekg.RR {
	switch d := d.(type) {
	case zone.Address:
		ip := net.IP(d.AsSlice())
		if d.Is4() {
			return &miekg.A{Hdr: hdr, A: ip}
		}
		return &miekg.AAAA{Hdr: hdr, AAAA: ip}
	case zone.Nameserver:
		return &miekg.NS{Hdr: hdr, Ns: string(d)}
	case zone.Pointer:
		return &miekg.PTR{Hdr: hdr, Ptr: string(d)}
	default:
		panic("dns: a kind of data that zone.Data does not list")
	}
}

func soaRecord(z zone.Zone) miekg.RR {
	return &miekg.SOA{
		Hdr: miekg.RR_Header{Name: z.Name, Rrtype: miekg.TypeSOA, Class: miekg.ClassINET, Ttl: zone.Seconds(z.SOA.TTL)},
		Ns:  z.SOA.NS, Mbox: z.SOA.Mailbox, Serial: z.Serial,
		Refresh: zone.Seconds(z.SOA.Refresh), Retry: zone.Seconds(z.SOA.Retry),
		Expire: zone.Seconds(z.SOA.Expire), Minttl: zone.Seconds(z.SOA.Minimum),
	}
}

// negativeSOA is the SOA of a negative answer: its TTL says how long the
// absence may be remembered, the lesser of two (RFC 2308 §3).
func negativeSOA(rr miekg.RR) miekg.RR {
	soa, ok := miekg.Copy(rr).(*miekg.SOA)
	if !ok {
		panic("dns: a copy of a SOA is no SOA")
	}
	soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
	return soa
}

// asAsked gives records the owner name in the case in which it was asked for.
// BIND, Knot and NSD answer so, because their owner name is a pointer to the
// question (RFC 4343 §4.1 permits it), and a resolver that plays with the case
// to tell forgeries wants it back.
func asAsked(rrs []miekg.RR, name string) []miekg.RR {
	if len(rrs) == 0 || rrs[0].Header().Name == name {
		return rrs
	}
	out := make([]miekg.RR, len(rrs))
	for i, rr := range rrs {
		out[i] = miekg.Copy(rr)
		out[i].Header().Name = name
	}
	return out
}
