package passthrough

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Device Self-test (NVMe, 5.9) and its log (5.16.1.7).
const (
	opSelfTest    = 0x14
	logSelfTest   = 0x06
	selfTestShort = 0x1
	selfTestAbort = 0xF
	selfTestBytes = 564
)

// NVMeSelfTest is that of a controller with all its namespaces.
func NVMeSelfTest(d Door) (SelfTest, error) {
	c, err := IdentifyController(d)
	if err != nil {
		return nil, err
	}
	if !c.SelfTest {
		return nil, errors.New("the controller has no self-test")
	}
	return nvmeTest{d}, nil
}

type nvmeTest struct{ door Door }

// Start implements SelfTest.
func (t nvmeTest) Start() error { return t.send(selfTestShort) }

// Abort implements SelfTest.
func (t nvmeTest) Abort() error { return t.send(selfTestAbort) }

func (t nvmeTest) send(code uint32) error {
	if err := t.door.Admin(Admin{Opcode: opSelfTest, Namespace: allNamespaces, CDW10: code, Within: quick}, nil); err != nil {
		return fmt.Errorf("device self-test: %w", err)
	}
	return nil
}

// Status implements SelfTest.
func (t nvmeTest) Status() (Tested, error) {
	b := make([]byte, selfTestBytes)
	c := Admin{Opcode: opLogPage, Namespace: allNamespaces, CDW10: logSelfTest | uint32(len(b)/4-1)<<16, Within: quick}
	if err := t.door.Admin(c, b); err != nil {
		return Tested{}, fmt.Errorf("self-test log: %w", err)
	}
	return DecodeSelfTest(b)
}

// selfTestResults are results in the log that are not "passed" (NVMe, figure 213).
var selfTestResults = map[byte]Tested{
	0x1: {State: TestCut, Why: "ended by a command"},
	0x2: {State: TestCut, Why: "ended by a reset of the controller"},
	0x3: {State: TestCut, Why: "ended as a namespace was removed"},
	0x4: {State: TestCut, Why: "ended by a format"},
	0x5: {State: TestFailed, Why: "a fatal or unknown error while it was tested"},
	0x6: {State: TestFailed, Why: "a part of the test failed, and the controller does not say which"},
	0x7: {State: TestFailed},
	0x8: {State: TestCut, Why: "ended for a reason that the controller does not know"},
	0x9: {State: TestCut, Why: "ended by a sanitize"},
}

// DecodeSelfTest reads the log page Device Self-test (NVMe, figures 212 and 213).
func DecodeSelfTest(b []byte) (Tested, error) {
	const head, blockKnown = 4, 1 << 1
	if len(b) < head+28 {
		return Tested{}, fmt.Errorf("self-test log: %d bytes, want at least %d", len(b), head+28)
	}
	if b[0]&0x0f != 0 {
		return Tested{State: TestRuns, Percent: min(int(b[1]&0x7f), 99)}, nil
	}
	newest := b[head : head+28]
	switch result := newest[0] & 0x0f; result {
	case 0x0:
		return Tested{State: TestPassed}, nil
	case 0xf:
		return Tested{}, nil
	default:
		t, ok := selfTestResults[result]
		if !ok {
			return Tested{State: TestFailed, Why: fmt.Sprintf("result %xh, which NVMe does not know", result)}, nil
		}
		if result == 0x7 {
			t.Why = fmt.Sprintf("part %d of the test failed", newest[1])
		}
		t.Why = at(t.Why, newest[2]&blockKnown != 0, binary.LittleEndian.Uint64(newest[16:]))
		return t, nil
	}
}
