package passthrough

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Operation codes of SCSI ("SBC-4" is SCSI Block Commands 4).
const (
	scsiRequestSense = 0x03 // SPC-5, 6.36
	scsiSanitize     = 0x48 // SBC-4, 5.34
	scsiReportLUNs   = 0xA0 // SPC-5, 6.30
	scsiMaintenance  = 0xA3
	supportedCodes   = 0x0C // REPORT SUPPORTED OPERATION CODES, SPC-5, 6.32
)

// serviceActions of SANITIZE, by NVMe's names for the same.
var serviceActions = map[uint32]byte{SanitizeExit: 0x1F, SanitizeBlock: 0x02, SanitizeOverwrite: 0x01, SanitizeCrypto: 0x03}

// CanSanitizeSCSI asks whether a disk knows an action of SANITIZE. One that does
// not say so is taken for one that does not.
func CanSanitizeSCSI(d Door, action uint32) bool {
	const oneCommand, standard = 0x02, 3
	cdb := make([]byte, 12)
	cdb[0], cdb[1], cdb[2], cdb[3], cdb[5] = scsiMaintenance, supportedCodes, oneCommand, scsiSanitize, serviceActions[action]
	b := make([]byte, 64)
	binary.BigEndian.PutUint32(cdb[6:], uint32(len(b)))
	return d.SCSI(SCSI{CDB: cdb, Within: quick}, b) == nil && b[1]&7 == standard
}

// LUNs is how many logical units share a SCSI disk's device: those of a disk with
// two actuators are erased together.
func LUNs(d Door) (int, error) {
	b := make([]byte, 4096)
	cdb := make([]byte, 12)
	cdb[0] = scsiReportLUNs
	binary.BigEndian.PutUint32(cdb[6:], uint32(len(b)))
	if err := d.SCSI(SCSI{CDB: cdb, Within: quick}, b); err != nil {
		return 0, fmt.Errorf("report luns: %w", err)
	}
	return int(binary.BigEndian.Uint32(b) / 8), nil
}

// SanitizeSCSI is Sanitize for a SCSI disk.
func SanitizeSCSI(d Door, action uint32) error {
	const immediately, unrestricted, once = 1 << 7, 1 << 5, 1
	cdb := make([]byte, 10)
	cdb[0], cdb[1] = scsiSanitize, serviceActions[action]
	if action != SanitizeExit {
		cdb[1] |= immediately | unrestricted
	}
	var list []byte
	if action == SanitizeOverwrite {
		list = []byte{once, 0, 0, 4, 0, 0, 0, 0} // with a pattern of four bytes
		cdb[8] = byte(len(list))
	}
	return d.SCSI(SCSI{CDB: cdb, Out: true, Within: quick}, list)
}

// SanitizeStatusSCSI is SanitizeStatus for a SCSI disk, which does not say which
// action it was, nor whether there was one.
func SanitizeStatusSCSI(d Door) (SanitizeState, error) {
	b := make([]byte, 252)
	if err := d.SCSI(SCSI{CDB: []byte{scsiRequestSense, 0, 0, 0, byte(len(b)), 0}, Within: quick}, b); err != nil {
		return SanitizeState{}, fmt.Errorf("request sense: %w", err)
	}
	return DecodeSanitizeSense(b)
}

// DecodeSanitizeSense reads what a disk says to REQUEST SENSE (SBC-4, 4.11.3).
func DecodeSanitizeSense(b []byte) (SanitizeState, error) {
	if len(b) < 18 {
		return SanitizeState{}, fmt.Errorf("request sense: %d bytes, want at least 18", len(b))
	}
	key, code, qualifier := Sense(b).Key()
	switch {
	case key == 2 && code == 0x04 && qualifier == 0x1B:
		return SanitizeState{State: SanitizeRuns, Percent: Sense(b).percent()}, nil
	case code == 0x31 && qualifier == 0x03:
		return SanitizeState{State: SanitizeFailed}, nil
	case key == 0 || key == 6: // nothing, or a reset that it has to tell of
		return SanitizeState{State: SanitizeDone}, nil
	}
	return SanitizeState{}, errors.Join(errors.New("request sense"), Sense(b[:18]))
}

// percent reads a progress indication in 65536ths (SPC-5, 4.4.2.4.4).
func (s Sense) percent() int {
	if s.descriptor() {
		for d := s[8:min(len(s), 8+int(s[7]))]; len(d) >= 2; d = d[min(len(d), 2+int(d[1])):] {
			if d[0] == 0x02 && d[1] >= 6 && len(d) >= 8 && d[4]&0x80 != 0 {
				return int(binary.BigEndian.Uint16(d[5:])) * 100 >> 16
			}
		}
		return 0
	}
	if len(s) >= 18 && s[15]&0x80 != 0 {
		return int(binary.BigEndian.Uint16(s[16:])) * 100 >> 16
	}
	return 0
}
