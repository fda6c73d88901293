// Package dns answers for the zones that package zone makes, over UDP and TCP.
//
// It promises answers from one immutable snapshot, which a publication swaps
// whole: no query waits for a publication, is dropped for it, or sees half of
// it. A UDP answer is never larger than 1232 bytes. It is authoritative only:
// what is not ours is REFUSED, there is no recursion and there are no
// forwarders. A server that does both can be poisoned for those whom it
// forwards for, and a site that netboots has resolvers; a subnet's "dns" names
// them, and they forward our zones here.
//
// The way of a query: serve_udp.go or serve_tcp.go → respond.go (what is on the
// wire) → answer.go (what is in the zones; pure) → respond.go → out. The way of
// a change: publish.go (ServerDb says that something happened) → zone.Build →
// snapshot.go → Server.Publish.
//
// It imports machine, journal and zone, and is the only importer of miekg/dns.
// The wiring alone may import it.
package dns
