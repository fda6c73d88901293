package passthrough

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ATA commands (ACS-4, 7).
const (
	ataReadNativeMax    = 0xF8 // ATA8-ACS, 7.32
	ataReadNativeMaxExt = 0x27 // ATA8-ACS, 7.33
	ataIdentify         = 0xEC
	ataSetPassword      = 0xF1
	ataErasePrepare     = 0xF3
	ataEraseUnit        = 0xF4
	ataDisablePassword  = 0xF6
)

// ATA is what a disk says of itself (ACS-4, 7.13.6).
type ATA struct {
	Serial, Model string
	Sectors       uint64
	Hides         bool // sectors may be hidden from us (HPA)
	Long          bool // 48-bit addresses
	SMART         bool
	SMARTOn       bool
	Security
}

// Security is the state of a disk's Security feature set (ACS-4, 4.18).
type Security struct {
	Supported, Enabled, Locked, Frozen, Expired, EnhancedToo bool
	// How long the disk says that an erase takes, 0: it does not say.
	Normal, Enhanced time.Duration
}

// DecodeATA reads the answer to IDENTIFY DEVICE.
func DecodeATA(b []byte) (ATA, error) {
	if len(b) < 512 {
		return ATA{}, fmt.Errorf("identify device: %d bytes, want 512", len(b))
	}
	word := func(n int) uint16 { return binary.LittleEndian.Uint16(b[2*n:]) }
	if word(0)&0x8000 != 0 {
		return ATA{}, errors.New("identify device: it is no ATA disk")
	}
	a := ATA{Serial: ataText(b[20:40]), Model: ataText(b[54:94])}
	if w := word(83); w&0xC000 == 0x4000 {
		a.Long = w&(1<<10) != 0
	}
	if a.Long {
		a.Sectors = binary.LittleEndian.Uint64(b[200:]) & (1<<48 - 1)
	} else {
		a.Sectors = uint64(binary.LittleEndian.Uint32(b[120:]))
	}
	a.Hides = word(82)&(1<<10) != 0
	a.SMART, a.SMARTOn = word(82)&1 != 0, word(85)&1 != 0
	s, set := word(128), word(82)
	a.Security = Security{
		Supported: s&1 != 0 && set&2 != 0, Enabled: s&2 != 0 || word(85)&2 != 0, Locked: s&4 != 0, Frozen: s&8 != 0, Expired: s&16 != 0,
		EnhancedToo: s&32 != 0, Normal: eraseTime(word(89)), Enhanced: eraseTime(word(90)),
	}
	return a, nil
}

// eraseTime reads words 89 and 90: units of two minutes in 8 bits, or in 15 where
// the highest bit says so; the highest value means "longer".
func eraseTime(w uint16) time.Duration {
	if w&0x8000 != 0 {
		return time.Duration(w&0x7fff) * 2 * time.Minute
	}
	return time.Duration(w&0xff) * 2 * time.Minute
}

// ataText reads a string, of whose letters ATA puts the first of two last.
func ataText(b []byte) string {
	t := make([]byte, len(b))
	for i := 0; i+1 < len(b); i += 2 {
		t[i], t[i+1] = b[i+1], b[i]
	}
	return text(t)
}

// IdentifyATA asks a disk what it is.
func IdentifyATA(d Door) (ATA, error) {
	b := make([]byte, 512)
	if err := d.SCSI(SCSI{CDB: through(ataCommand{command: ataIdentify, protocol: pioIn}), Within: quick}, b); err != nil {
		return ATA{}, fmt.Errorf("identify device: %w", err)
	}
	return DecodeATA(b)
}

// NativeSectors asks how many sectors a disk has with those that are hidden.
func NativeSectors(d Door, a ATA) (uint64, error) {
	c := ataCommand{command: ataReadNativeMax, protocol: noData, answer: true, device: 0x40}
	if a.Long {
		c.command, c.long = ataReadNativeMaxExt, true
	}
	err := d.SCSI(SCSI{CDB: through(c), Within: quick}, nil)
	var s Sense
	if err == nil || !errors.As(err, &s) {
		return 0, fmt.Errorf("read native max address: the answer has no registers: %w", err)
	}
	r, ok := s.ata()
	if !ok || r.status&1 != 0 {
		return 0, fmt.Errorf("read native max address: %w", err)
	}
	if !a.Long {
		r.lba = r.lba&(1<<24-1) | uint64(r.device&0x0f)<<24
	}
	return r.lba + 1, nil
}

// Password is what SecureErase gives a disk for the time of the erase. A disk that
// lost its power meanwhile is unlocked with it, by a person or by the next erase.
const Password = "firstlight-erase"

// SecureErase has a disk erase itself (ACS-4, 7.36 to 7.40). One that refuses is
// left without the password that it was given.
func SecureErase(d Door, s Security, enhanced bool, within time.Duration) error {
	if !s.Enabled {
		if err := d.SCSI(SCSI{CDB: through(ataCommand{command: ataSetPassword, protocol: pioOut}), Out: true, Within: quick}, secret(0)); err != nil {
			return fmt.Errorf("security set password: %w", err)
		}
	}
	err := d.SCSI(SCSI{CDB: through(ataCommand{command: ataErasePrepare, protocol: noData}), Within: quick}, nil)
	if err == nil {
		word := uint16(0)
		if enhanced {
			word = 2
		}
		err = d.SCSI(SCSI{CDB: through(ataCommand{command: ataEraseUnit, protocol: pioOut}), Out: true, Within: within}, secret(word))
	}
	if err != nil {
		_ = d.SCSI(SCSI{CDB: through(ataCommand{command: ataDisablePassword, protocol: pioOut}), Out: true, Within: quick}, secret(0))
		return fmt.Errorf("security erase unit: %w", err)
	}
	return nil
}

// secret is the data of a security command: of the user, at level high.
func secret(word uint16) []byte {
	b := make([]byte, 512)
	binary.LittleEndian.PutUint16(b, word)
	copy(b[2:34], Password)
	return b
}

// Protocols of ATA commands in pass-through (SAT-4, 12.2.2.2, table 161).
const (
	noData = 3
	pioIn  = 4
	pioOut = 5
)

// ataCommand is an ATA command of at most one block.
type ataCommand struct {
	command, protocol, device byte
	feature, low, mid, high   byte
	long                      bool // 48-bit registers
	answer                    bool // the registers are asked for
}

// through packs a command into ATA PASS-THROUGH (16) (SAT-4, 12.2.2.3).
func through(c ataCommand) []byte {
	const length, blocks, in, condition = 2, 1 << 2, 1 << 3, 1 << 5 // the block count is in the count field
	b := make([]byte, 16)
	b[0], b[1] = 0x85, c.protocol<<1
	if c.long {
		b[1] |= 1
	}
	if c.protocol != noData {
		b[2], b[6] = length|blocks, 1
	}
	if c.protocol == pioIn {
		b[2] |= in
	}
	if c.answer {
		b[2] |= condition
	}
	b[4], b[8], b[10], b[12] = c.feature, c.low, c.mid, c.high
	b[13], b[14] = c.device, c.command
	return b
}
