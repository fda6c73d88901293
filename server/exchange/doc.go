// Package exchange makes one timeline row of the packets of a whole exchange
// between a DHCP client and us, of either version, also where it comes to
// nothing, keeps the last packets and the other servers that were heard, and says
// what of a stranger's words may be shown.
//
// It promises that what it remembers is bounded whatever strangers send. It has
// no clock and does no I/O. dhcp and dhcp6 import it.
package exchange
