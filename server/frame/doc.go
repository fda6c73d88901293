// Package frame knows how a UDP datagram looks inside of an IP packet: it
// writes and reads those headers by hand, for clients that have no address yet
// and for what is seen passing by, and writes and reads pcap files.
//
// It promises that reading takes any bytes and that what it wrote reads as it
// was. It imports nothing of ours; adapters and whoever shows packets
// import it.
package frame
