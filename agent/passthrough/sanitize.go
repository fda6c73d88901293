package passthrough

import (
	"encoding/binary"
	"fmt"
)

// Actions of a sanitize (NVMe, 5.24, figure 302).
const (
	SanitizeExit      = 1 // leave failure mode
	SanitizeBlock     = 2
	SanitizeOverwrite = 3
	SanitizeCrypto    = 4
)

// Sanitize begins a sanitize of all that the controller's NVM subsystem has. It
// goes on by itself, across resets and power losses. Should it fail, the disk may
// be told to leave failure mode: otherwise only another sanitize would be taken.
func Sanitize(d Door, action uint32) error {
	return d.Admin(Admin{Opcode: opSanitize, CDW10: sanitizeWord(action), Within: quick}, nil)
}

func sanitizeWord(action uint32) uint32 {
	const unrestricted, onePass = 1 << 3, 1 << 4
	w := action & 7
	if action != SanitizeExit {
		w |= unrestricted
	}
	if action == SanitizeOverwrite {
		w |= onePass // with CDW11, the pattern, of zeros
	}
	return w
}

// States of the latest sanitize.
const (
	SanitizeNever   = 0
	SanitizeDone    = 1
	SanitizeRuns    = 2
	SanitizeFailed  = 3
	SanitizeDoneToo = 4 // and the blocks were deallocated, against what was asked
)

// SanitizeState is the log page Sanitize Status (NVMe, 5.16.1.25, figure 261).
type SanitizeState struct {
	State   int
	Percent int    // of one that runs
	Action  uint32 // of the latest
}

// DecodeSanitize reads the log page.
func DecodeSanitize(b []byte) (SanitizeState, error) {
	if len(b) < 20 {
		return SanitizeState{}, fmt.Errorf("sanitize status: %d bytes, want at least 20", len(b))
	}
	return SanitizeState{
		State:   int(binary.LittleEndian.Uint16(b[2:]) & 7),
		Percent: int(binary.LittleEndian.Uint16(b)) * 100 >> 16,
		Action:  binary.LittleEndian.Uint32(b[4:]) & 7,
	}, nil
}

// SanitizeStatus asks how the latest sanitize got on.
func SanitizeStatus(d Door) (SanitizeState, error) {
	b := make([]byte, 512)
	c := Admin{Opcode: opLogPage, Namespace: allNamespaces, CDW10: logSanitize | uint32(len(b)/4-1)<<16, Within: quick}
	if err := d.Admin(c, b); err != nil {
		return SanitizeState{}, fmt.Errorf("sanitize status: %w", err)
	}
	return DecodeSanitize(b)
}
