// Package dhcp answers DHCPv4 for machines that boot and for the systems that
// run on them.
//
// The files follow a packet: listen.go takes it from the wire, admission.go says
// how soon it is answered, fairness.go whether its rack sends too much, queue.go
// holds it for a worker, classify.go and relay.go understand it, segment.go finds
// the subnets that it may be about, answer.go runs the state machine of RFC 2131
// §4.3 and proxy.go answers beside another DHCP server, reply.go and pxe.go write
// the answer, send.go chooses its way back, exchange.go makes one timeline row of
// the whole exchange. QUIRKS.md lists what firmware does differently,
// REQUIREMENTS.md what of which RFC holds.
//
// It promises that no ACK leaves before its lease is on disk, and that none counts
// longer than that: while nothing can be written, a client hears what is left of
// its lease; that any other error of the store is answered with silence and never
// with a NAK, which would take the address from a machine that works; that a machine to which boot.Decide gives
// no address hears nothing; that memory and goroutines are bounded whatever
// arrives; and that no packet ends the process.
//
// It knows words and decisions (machine, journal, boot, lease); what it needs of
// the state it declares itself. Only the wiring in package server may import it.
package dhcp
