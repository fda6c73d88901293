// Package dhcp6 answers DHCPv6 (RFC 8415) for machines that boot and for the
// systems that run on them.
//
// What it keeps is what dhcp keeps. An IPv6 subnet is a machine.Subnet whose
// prefix is IPv6; a segment with both versions has two of them with one network
// name. A lease is a lease.Lease of an IPv6 address, written by the same path and
// listed with the others; its client identifier is the DUID. A client is known by
// its MAC, as everywhere: one machine has one address in a subnet, whatever DUIDs
// and IAIDs its firmware, its loader and its system make up. identity.go says
// where the MAC comes from. A machine whose interface has an IPv6 address in
// ServerDb gets that one, as one does that registered by IPv6. Others get one of
// the ranges, and a machine of ServerDb keeps what it had there last. The subnet's
// lease is the valid lifetime.
//
// The files follow a packet: listen.go takes it from the wire, queue.go holds it for
// a worker, classify.go, relay.go and identity.go understand it, answer.go
// runs RFC 8415 §18.3, assign.go finds the address, reply.go and netboot.go write
// the answer, record.go makes one timeline row of the exchange. REQUIREMENTS.md
// lists what of which RFC holds.
//
// It promises that no address leaves before its lease is on disk, and that none
// counts longer than that; that an error of the store is answered with silence;
// that a machine to which boot.Decide gives no address hears nothing; that memory
// and goroutines are bounded whatever arrives; and that no packet ends the
// process.
//
// It knows words and decisions (machine, journal, boot, lease, exchange); what it
// needs of the state it declares itself. Only the wiring in package server may
// import it.
package dhcp6
