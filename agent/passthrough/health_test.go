package passthrough

import (
	"encoding/hex"
	"errors"
	"testing"
)

// The blocks are those that smartctl sends (-r ioctl).
func TestQuestionsAfterHealth(t *testing.T) {
	d := &answers{data: []byte{0x2F, 0, 0, 8, 0, 0, 3, 4, 0x5D, 0x10, 40, 0}}
	if _, err := SMARTValues(d); err != nil {
		t.Error(err)
	}
	if _, err := SMARTThresholds(d); err != nil {
		t.Error(err)
	}
	_, _ = SMARTFails(d)
	if b, err := LogPage(d, 0x2F); err != nil || len(b) != 8 {
		t.Errorf("LogPage = % x, %v; want the 8 bytes that the header tells of", b, err)
	}
	if _, err := LogPage(d, 0x0D); err == nil {
		t.Error("another page than was asked for counts")
	}
	if _, err := HealthLog(d); err != nil || d.admin[0].CDW10 != 0x007F0002 || d.admin[0].Namespace != 0xFFFFFFFF {
		t.Errorf("sent %+v, %v", d.admin[0], err)
	}
	for i, want := range []string{
		"85080e00d000010000004f00c200b000", "85080e00d100010000004f00c200b000", "85062000da00000000004f00c200b000", "4d006f00000000020000", "4d004d00000000020000",
	} {
		if got := hex.EncodeToString(d.cdbs[i]); got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
}

func TestADisksOwnPrediction(t *testing.T) {
	descriptor := func(mid, high, status byte) Sense {
		return Sense{0x72, 1, 0, 0x1D, 0, 0, 0, 14, 9, 12, 0, 0, 0, 0, 0, 0, 0, mid, 0, high, 0, status}
	}
	fixed := func(mid, high byte) Sense { return Sense{0xF0, 0, 1, 0, 0x50, 0, 0, 10, 0, 0, mid, high, 0, 0x1D} }
	for _, test := range []struct {
		name        string
		err         error
		fails, told bool
	}{
		{"well", descriptor(0x4F, 0xC2, 0x50), false, true},
		{"it fails", descriptor(0xF4, 0x2C, 0x50), true, true},
		{"well, in the fixed format", fixed(0x4F, 0xC2), false, true},
		{"it fails, in the fixed format", fixed(0xF4, 0x2C), true, true},
		{"aborted", descriptor(0x4F, 0xC2, 0x51), false, false},
		{"neither", descriptor(0, 0, 0x50), false, false},
		{"refused", Sense{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0}, false, false},
		{"no registers", nil, false, false},
		{"no disk", errors.New("no such device"), false, false},
	} {
		fails, err := SMARTFails(&answers{errs: []error{test.err}})
		if fails != test.fails || (err == nil) != test.told {
			t.Errorf("%s: SMARTFails = %v, %v", test.name, fails, err)
		}
	}
}
