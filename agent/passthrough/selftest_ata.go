package passthrough

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// SMART (ACS-4, 7.48; the data and the log as in ATA8-ACS, 7.52, which later
// standards leave to the disk, and disks to it).
const (
	ataSMART = 0xB0

	smartData  = 0xD0
	smartBegin = 0xD4 // EXECUTE OFF-LINE IMMEDIATE
	smartLog   = 0xD5

	smartShort   = 0x01 // off-line: the disk goes on answering
	smartAbort   = 0x7F
	smartTestLog = 0x06
)

// ATASelfTest is that of a disk with SMART.
func ATASelfTest(d Door) (SelfTest, error) {
	a, err := IdentifyATA(d)
	switch {
	case err != nil:
		return nil, err
	case !a.SMART:
		return nil, errors.New("the disk has no SMART")
	case !a.SMARTOn:
		return nil, errors.New("SMART is switched off on the disk")
	}
	t := ataTest{d}
	b, err := t.read(smartData, 0)
	if err != nil {
		return nil, fmt.Errorf("smart read data: %w", err)
	}
	if b[367]&(1<<4) == 0 {
		return nil, errors.New("the disk's SMART has no self-test")
	}
	return t, nil
}

type ataTest struct{ door Door }

// Start implements SelfTest.
func (t ataTest) Start() error { return t.begin(smartShort) }

// Abort implements SelfTest.
func (t ataTest) Abort() error { return t.begin(smartAbort) }

func (t ataTest) begin(which byte) error {
	c := smart(smartBegin, which)
	c.protocol = noData
	if err := t.door.SCSI(SCSI{CDB: through(c), Within: quick}, nil); err != nil {
		return fmt.Errorf("smart execute off-line immediate: %w", err)
	}
	return nil
}

// smart is a command with the signature that SMART asks for.
func smart(feature, low byte) ataCommand {
	return ataCommand{command: ataSMART, protocol: pioIn, feature: feature, low: low, mid: 0x4F, high: 0xC2}
}

func (t ataTest) read(feature, low byte) ([]byte, error) {
	b := make([]byte, 512)
	err := t.door.SCSI(SCSI{CDB: through(smart(feature, low)), Within: quick}, b)
	return b, err
}

// Status implements SelfTest.
func (t ataTest) Status() (Tested, error) {
	data, err := t.read(smartData, 0)
	if err != nil {
		return Tested{}, fmt.Errorf("smart read data: %w", err)
	}
	is, err := DecodeSMART(data)
	if err != nil || is.State != TestFailed {
		return is, err
	}
	if log, err := t.read(smartLog, smartTestLog); err == nil { // a disk without it failed all the same
		lba, known := DecodeSMARTLog(log)
		is.Why = at(is.Why, known, lba)
	}
	return is, nil
}

// smartStates are the states of a self-test, from 1 on (ATA8-ACS, table 62).
var smartStates = []Tested{
	{State: TestCut, Why: "ended by a command"},
	{State: TestCut, Why: "ended by a reset"},
	{State: TestFailed, Why: "a fatal or unknown error while it was tested"},
	{State: TestFailed, Why: "a part of the test failed, and the disk does not know which"},
	{State: TestFailed, Why: "its electrical part failed"},
	{State: TestFailed, Why: "its servo or seek part failed"},
	{State: TestFailed, Why: "it could not read"},
	{State: TestFailed, Why: "it seems to have been damaged by handling"},
}

// DecodeSMART reads from SMART's data how the self-test stands. A disk that was
// never tested says that it passed.
func DecodeSMART(b []byte) (Tested, error) {
	if len(b) < 512 {
		return Tested{}, fmt.Errorf("smart read data: %d bytes, want 512", len(b))
	}
	state, tenths := b[363]>>4, int(b[363]&0x0f)
	switch {
	case state == 0:
		return Tested{State: TestPassed}, nil
	case state == 15:
		return Tested{State: TestRuns, Percent: max(0, 100-10*tenths)}, nil
	case int(state) <= len(smartStates):
		return smartStates[state-1], nil
	}
	return Tested{}, errors.New("smart read data: the self-test is in a state that ATA does not know")
}

// DecodeSMARTLog finds the block at which the newest self-test failed, in the log of
// self-tests (ATA8-ACS, table 68).
func DecodeSMARTLog(b []byte) (lba uint64, known bool) {
	const first, each, count, none = 2, 24, 21, 0xFFFFFFFF
	if len(b) < 512 || b[508] == 0 || b[508] > count {
		return 0, false
	}
	l := binary.LittleEndian.Uint32(b[first+each*(int(b[508])-1)+5:])
	return uint64(l), l != none && l != 0
}
