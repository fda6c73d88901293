package frame

import (
	"encoding/binary"
	"io"
	"net/netip"
	"time"
)

// Packet is a UDP datagram that was seen.
type Packet struct {
	At       time.Time
	From, To netip.AddrPort // of one version
	Payload  []byte
	Text     string // what it is, for people
}

// longest is the most that a packet may have.
const longest = 65535

// WritePCAP writes packets, in their order, as a file for Wireshark and tcpdump:
// the classic format, little endian, in microseconds
// (draft-ietf-opsawg-pcap).
func WritePCAP(w io.Writer, packets []Packet) error {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint16(b, 2) // version
	b = binary.LittleEndian.AppendUint16(b, 4) // 2.4
	b = append(b, make([]byte, 8)...)          // time zone and accuracy, not used
	b = binary.LittleEndian.AppendUint32(b, longest)
	b = binary.LittleEndian.AppendUint32(b, linkRaw)
	for _, p := range packets {
		raw := UDP(p.From, p.To, p.Payload[:min(len(p.Payload), longest-Overhead)])
		b = binary.LittleEndian.AppendUint32(b, uint32(p.At.Unix()))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.At.Nanosecond()/1000))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(raw)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(raw)))
		b = append(b, raw...)
	}
	_, err := w.Write(b)
	return err
}
