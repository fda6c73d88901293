// Package tftp hands first-stage boot files to firmware: loaders of a megabyte
// at most. Everything larger goes over HTTP.
//
// serve.go opens the sockets, transfer.go sends one file, name.go checks what
// strangers ask for, routes.go says which names exist, limits.go how many
// transfers run at the same time.
//
// It promises to be read-only; that no name leads out of the given file systems;
// that a client which never acknowledges gets at most six packets and 3.5 kB, so
// that nobody is flooded through us; and that neither a packet nor a fault in
// the library ends the process.
//
// The protocol is pin/tftp's, with a socket per transfer. Its mode with one port
// for all must stay off: duplicate ACKs after a last block made it panic with
// "send on closed channel" (v3.2.0, three of three stress runs within 9 s), and
// its anticipation of ACKs too: it sends unasked. What it cannot do is in
// REQUIREMENTS.md.
//
// Only the wiring in package server may import it.
package tftp
