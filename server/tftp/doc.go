// Package tftp hands first-stage boot files to firmware: loaders of a megabyte
// at most. Everything larger goes over HTTP.
//
// serve.go opens the sockets, front.go decides who answers a request, transfer.go
// sends one file, name.go checks what strangers ask for, routes.go says which
// names exist, limits.go how many transfers run at the same time. wire.go,
// options.go, sender.go, flight.go and clock.go speak the protocol.
//
// It promises to be read-only; that no name leads out of the given file systems;
// that a client which never acknowledges gets at most six packets and 3.5 kB, so
// that nobody is flooded through us; and that neither a packet nor a fault in
// the library ends the process.
//
// Requests without options are pin/tftp's. It neither knows windows (RFC 7440)
// and the timeout option nor lends its sockets and its options to anybody who
// does, so that requests with options, which all firmware of today sends, have a
// sender of ours behind the library's interface. The library's mode with one
// port for all must stay off: duplicate ACKs after a last block made it panic
// with "send on closed channel" (v3.2.0, three of three stress runs within 9 s),
// and its anticipation of ACKs too: it sends unasked. REQUIREMENTS.md tells what
// holds.
//
// Only the wiring in package server may import it.
package tftp
