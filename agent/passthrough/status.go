package passthrough

import (
	"encoding/binary"
	"fmt"
)

// Status is a refusal of an NVMe controller: status code type and status code
// (NVMe, 4.6.1).
type Status uint16

var statusWords = map[Status]string{
	0x001: "invalid opcode", 0x002: "invalid field", 0x006: "internal error", 0x007: "aborted",
	0x01c: "a sanitize failed before", 0x01d: "a sanitize is in progress", 0x020: "the namespace is write protected",
	0x10a: "invalid format", 0x10b: "firmware waits for a reset", 0x11d: "a self-test is in progress", 0x286: "access denied",
}

// Error implements error.
func (s Status) Error() string {
	if words, ok := statusWords[s]; ok {
		return fmt.Sprintf("the controller refuses: %s (status %03xh)", words, uint16(s))
	}
	return fmt.Sprintf("the controller refuses with status %03xh", uint16(s))
}

// Sense is a refusal of a SCSI disk, or of the layer that makes one of an ATA disk:
// its sense data in either format (SPC-5, 4.4).
type Sense []byte

// Key gives sense key, additional sense code and its qualifier.
func (s Sense) Key() (key, code, qualifier byte) {
	switch {
	case s.descriptor() && len(s) >= 4:
		return s[1] & 0x0f, s[2], s[3]
	case !s.descriptor() && len(s) >= 14:
		return s[2] & 0x0f, s[12], s[13]
	case !s.descriptor() && len(s) >= 3:
		return s[2] & 0x0f, 0, 0
	}
	return 0, 0, 0
}

func (s Sense) descriptor() bool { return len(s) > 0 && s[0]&0x7f >= 0x72 }

// Error implements error.
func (s Sense) Error() string {
	key, code, qualifier := s.Key()
	if r, ok := s.ata(); ok {
		return fmt.Sprintf("the disk refuses: ATA status %02xh, error %02xh", r.status, r.err)
	}
	return fmt.Sprintf("the disk refuses: sense %x/%02x/%02x", key, code, qualifier)
}

// registers are what an ATA command left behind.
type registers struct {
	err, status, device byte
	lba                 uint64
}

// ata finds the ATA Status Return descriptor (SAT-4, 12.2.2.6, table 165), or what
// sense data of the fixed format has of it (table 166).
func (s Sense) ata() (registers, bool) {
	if !s.descriptor() {
		return s.fixedATA()
	}
	if len(s) < 8 {
		return registers{}, false
	}
	for d := s[8:min(len(s), 8+int(s[7]))]; len(d) >= 2; d = d[min(len(d), 2+int(d[1])):] {
		if d[0] == 0x09 && d[1] >= 12 && len(d) >= 14 {
			lba := []byte{0, 0, d[10], d[8], d[6], d[11], d[9], d[7]}
			return registers{err: d[3], status: d[13], device: d[12], lba: binary.BigEndian.Uint64(lba)}, true
		}
	}
	return registers{}, false
}

func (s Sense) fixedATA() (registers, bool) {
	if _, code, qualifier := s.Key(); len(s) < 14 || code != 0 || qualifier != 0x1D || s[8]&0x60 != 0 { // with more than fits
		return registers{}, false
	}
	return registers{err: s[3], status: s[4], device: s[5], lba: uint64(s[9]) | uint64(s[10])<<8 | uint64(s[11])<<16}, true
}
