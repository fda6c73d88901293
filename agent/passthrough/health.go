package passthrough

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// brief bounds questions after a disk's health: all disks are asked while the report
// of their machine is waited for.
const brief = 5 * time.Second

const (
	logHealth   = 0x02
	healthBytes = 512
)

// HealthLog reads the log page SMART / Health Information of a controller (NVMe,
// 5.16.1.3).
func HealthLog(d Door) ([]byte, error) {
	b := make([]byte, healthBytes)
	c := Admin{Opcode: opLogPage, Namespace: allNamespaces, CDW10: logHealth | uint32(len(b)/4-1)<<16, Within: brief}
	if err := d.Admin(c, b); err != nil {
		return nil, fmt.Errorf("SMART log: %w", err)
	}
	return b, nil
}

// What SMART of ATA is asked for beside its data (ATA8-ACS, 7.52; SFF-8035i), and how
// it answers in the registers of the signature.
const (
	smartThresholds = 0xD1
	smartStatus     = 0xDA
	smartWell       = 0xC24F << 8
	smartFails      = 0x2CF4 << 8
)

// SMARTValues reads the attributes of an ATA disk, SMARTThresholds their limits.
func SMARTValues(d Door) ([]byte, error) { return readSMART(d, smartData) }

// SMARTThresholds reads the limits of what SMARTValues reads.
func SMARTThresholds(d Door) ([]byte, error) { return readSMART(d, smartThresholds) }

func readSMART(d Door, feature byte) ([]byte, error) {
	b := make([]byte, 512)
	if err := d.SCSI(SCSI{CDB: through(smart(feature, 0)), Within: brief}, b); err != nil {
		return nil, fmt.Errorf("SMART %02xh: %w", feature, err)
	}
	return b, nil
}

// SMARTFails asks an ATA disk whether it predicts its own failure, which it answers
// by two registers.
func SMARTFails(d Door) (bool, error) {
	c := smart(smartStatus, 0)
	c.protocol, c.answer = noData, true
	err := d.SCSI(SCSI{CDB: through(c), Within: brief}, nil)
	var s Sense
	if !errors.As(err, &s) {
		return false, fmt.Errorf("SMART status: the answer has no registers: %w", err)
	}
	r, ok := s.ata()
	switch mark := r.lba & 0xFFFF00; {
	case ok && r.status&1 == 0 && mark == smartWell:
		return false, nil
	case ok && r.status&1 == 0 && mark == smartFails:
		return true, nil
	}
	return false, fmt.Errorf("SMART status: %w", err)
}

// LogPage reads the current values of a log page of a SCSI disk (SPC-5, 6.9): its
// parameters, behind the page's header.
func LogPage(d Door, page byte) ([]byte, error) {
	const current = 1 << 6
	b := make([]byte, 512)
	cdb := make([]byte, 10)
	cdb[0], cdb[2] = scsiLogSense, current|page
	binary.BigEndian.PutUint16(cdb[7:], uint16(len(b)))
	if err := d.SCSI(SCSI{CDB: cdb, Within: brief}, b); err != nil {
		return nil, fmt.Errorf("log page %02xh: %w", page, err)
	}
	if b[0]&0x3F != page {
		return nil, fmt.Errorf("log page %02xh: the disk answers with page %02xh", page, b[0]&0x3F)
	}
	return b[4:min(4+int(binary.BigEndian.Uint16(b[2:])), len(b))], nil
}
