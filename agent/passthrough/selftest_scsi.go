package passthrough

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// SEND DIAGNOSTIC (SPC-5, 6.42) and LOG SENSE (6.8) of the page of self-tests
// (7.3.19).
const (
	scsiDiagnostic   = 0x1D
	scsiLogSense     = 0x4D
	backgroundShort  = 1 << 5
	backgroundAbort  = 4 << 5
	cumulative       = 1 << 6
	selfTestPage     = 0x10
	selfTestPageSize = 404
)

// SCSISelfTest is that of a disk that keeps results of self-tests: one that does not
// could be started, and never be asked how it ended.
func SCSISelfTest(d Door) (SelfTest, error) {
	t := scsiTest{d}
	_, err := t.Status()
	var refused Sense
	if errors.As(err, &refused) {
		return nil, errors.New("the disk keeps no results of self-tests: " + refused.Error())
	}
	return t, err
}

type scsiTest struct{ door Door }

// Start implements SelfTest.
func (t scsiTest) Start() error { return t.send(backgroundShort) }

// Abort implements SelfTest.
func (t scsiTest) Abort() error { return t.send(backgroundAbort) }

func (t scsiTest) send(code byte) error {
	if err := t.door.SCSI(SCSI{CDB: []byte{scsiDiagnostic, code, 0, 0, 0, 0}, Within: quick}, nil); err != nil {
		return fmt.Errorf("send diagnostic: %w", err)
	}
	return nil
}

// Status implements SelfTest.
func (t scsiTest) Status() (Tested, error) {
	b := make([]byte, selfTestPageSize)
	cdb := []byte{scsiLogSense, 0, cumulative | selfTestPage, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(cdb[7:], uint16(len(b)))
	if err := t.door.SCSI(SCSI{CDB: cdb, Within: quick}, b); err != nil {
		return Tested{}, fmt.Errorf("log sense: %w", err)
	}
	return DecodeSelfTestPage(b)
}

// DecodeSelfTestPage reads the newest result of the page (SPC-5, tables 427 and 428).
func DecodeSelfTestPage(b []byte) (Tested, error) {
	if len(b) < 24 {
		return Tested{}, fmt.Errorf("log sense: %d bytes, want at least 24", len(b))
	}
	if b[0]&0x3f != selfTestPage {
		return Tested{}, fmt.Errorf("log sense: page %02xh, want %02xh", b[0]&0x3f, selfTestPage)
	}
	newest := b[4:24]
	code, result := newest[4]>>5, newest[4]&0x0f
	lba := binary.BigEndian.Uint64(newest[8:])
	switch {
	case result == 0 && code == 0 && binary.BigEndian.Uint16(newest[6:]) == 0:
		return Tested{}, nil // an entry without a test
	case result == 0:
		return Tested{State: TestPassed}, nil
	case result == 15:
		return Tested{State: TestRuns}, nil
	case result == 1 || result == 2:
		return Tested{State: TestCut, Why: "ended by a command or a reset"}, nil
	}
	why := fmt.Sprintf("part %d of the test failed, with sense %x/%02x/%02x", newest[5], newest[16]&0x0f, newest[17], newest[18])
	return Tested{State: TestFailed, Why: at(why, lba != math.MaxUint64, lba)}, nil
}
