package ipmi

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"fmt"
)

// Payload types (table 13-16), and the bits beside them.
const (
	payloadIPMI        = 0x00
	payloadOpenRequest = 0x10
	payloadOpenAnswer  = 0x11
	payloadRAKP1       = 0x12
	payloadRAKP2       = 0x13
	payloadRAKP3       = 0x14
	payloadRAKP4       = 0x15

	encrypted     = 0x80
	authenticated = 0x40
)

const (
	formatRMCPPlus = 0x06
	nextHeader     = 0x07
	headerSize     = 4 + 12 // of RMCP and of the session
)

// rmcp is the RMCP header of all our packets: version 1, no acknowledgement, of
// class IPMI (section 13.1.3).
var rmcp = []byte{0x06, 0x00, 0xFF, 0x07}

// packet is what stands behind the RMCP header (table 13-8).
type packet struct {
	kind     byte // payload type with its bits
	session  uint32
	sequence uint32
	payload  []byte
}

// marshal packs it; sign, where there is a session, gives the code over all
// that the code covers.
func (p packet) marshal(sign func([]byte) []byte) []byte {
	out := append(append([]byte{}, rmcp...), formatRMCPPlus, p.kind)
	out = binary.LittleEndian.AppendUint32(out, p.session)
	out = binary.LittleEndian.AppendUint32(out, p.sequence)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(p.payload))) //nolint:gosec // a payload of ours is short
	out = append(out, p.payload...)
	if sign == nil {
		return out
	}
	pad := pads(len(p.payload))
	out = append(append(out, bytes.Repeat([]byte{0xFF}, pad)...), byte(pad), nextHeader)
	return append(out, sign(out[len(rmcp):])...)
}

// pads is how many bytes bring what is signed to a multiple of four.
func pads(payload int) int { return (4 - (12+payload+2)%4) % 4 }

// parse reads a packet without believing it.
func parse(b []byte) (packet, error) {
	if len(b) < headerSize || b[0] != rmcp[0] || b[3] != rmcp[3] || b[4] != formatRMCPPlus {
		return packet{}, fmt.Errorf("%w: %d bytes are no RMCP+ packet", errGarbled, len(b))
	}
	n := int(binary.LittleEndian.Uint16(b[14:]))
	if len(b) < headerSize+n {
		return packet{}, fmt.Errorf("%w: it ends before its payload does", errGarbled)
	}
	return packet{
		kind: b[5], session: binary.LittleEndian.Uint32(b[6:]), sequence: binary.LittleEndian.Uint32(b[10:]), payload: b[headerSize : headerSize+n],
	}, nil
}

// signed tells whether a packet bears the code of its session. BMCs differ in
// the pad, so that what is signed ends where the code begins.
func signed(b []byte, size int, sign func([]byte) []byte) bool {
	return len(b) > headerSize+size && hmac.Equal(b[len(b)-size:], sign(b[len(rmcp):len(b)-size]))
}

// Addresses of both ends in an IPMI message (section 13.8).
const (
	bmcAddress = 0x20
	ourAddress = 0x81 // of remote console software
)

// message is one IPMI request (table 13-8, "IPMI Message").
func message(netfn, seq, command byte, data []byte) []byte {
	out := []byte{bmcAddress, netfn << 2}
	out = append(out, checksum(out), ourAddress, seq<<2, command)
	out = append(out, data...)
	return append(out, checksum(out[3:]))
}

// answer reads what a message says to a request: its completion code and what
// follows it. ok is false for one to another request. The addresses are not
// looked at: the session says who speaks, and some repeat their own.
func answer(b []byte, netfn, seq, command byte) (code byte, data []byte, ok bool) {
	if len(b) < 8 || checksum(b[:2]) != b[2] || checksum(b[3:len(b)-1]) != b[len(b)-1] {
		return 0, nil, false
	}
	if b[1]>>2 != netfn|1 || b[4]>>2 != seq || b[5] != command {
		return 0, nil, false
	}
	return b[6], b[7 : len(b)-1], true
}

func checksum(b []byte) byte {
	var sum byte
	for _, c := range b {
		sum += c
	}
	return -sum
}
