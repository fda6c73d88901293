// Package lldp hears which switch, and which port of it, is at the other end of
// each cable (IEEE 802.1AB).
//
// It promises never to wait and never to send: who asks for a neighbour gets
// what was heard so far, and is told when there is news. What comes off the wire
// is a stranger's: a frame that is not as the standard says is refused whole, and
// of the others every word is printable, bounded text. Parse is pure. Package
// agent/pid1 imports it, and the virtual rack, whose switches say what Build
// makes; it imports agent/patience and agent/report.
package lldp
