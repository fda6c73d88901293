package passthrough

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

// The blocks are those that sg_sanitize, sg_opcodes and sg_luns send.
func TestSCSICommands(t *testing.T) {
	for _, test := range []struct {
		name string
		send func(Door) error
		cdb  string
		out  []byte
	}{
		{"crypto", func(d Door) error { return SanitizeSCSI(d, SanitizeCrypto) }, "48a30000000000000000", nil},
		{"block", func(d Door) error { return SanitizeSCSI(d, SanitizeBlock) }, "48a20000000000000000", nil},
		{"overwrite", func(d Door) error { return SanitizeSCSI(d, SanitizeOverwrite) }, "48a10000000000000800", []byte{1, 0, 0, 4, 0, 0, 0, 0}},
		{"leave failure mode", func(d Door) error { return SanitizeSCSI(d, SanitizeExit) }, "481f0000000000000000", nil},
		{"can it", func(d Door) error { CanSanitizeSCSI(d, SanitizeBlock); return nil }, "a30c02480002000000400000", nil},
		{"logical units", func(d Door) error { _, err := LUNs(d); return err }, "a00000000000000010000000", nil},
		{"how far", func(d Door) error { _, err := SanitizeStatusSCSI(d); return err }, "03000000fc00", nil},
	} {
		d := &answers{}
		if err := test.send(d); err != nil || hex.EncodeToString(d.cdbs[0]) != test.cdb {
			t.Errorf("%s sends %x, %v; want %s", test.name, d.cdbs, err, test.cdb)
		}
		if len(d.out) > 0 && !bytes.Equal(d.out[0], test.out) {
			t.Errorf("%s sends the data % x, want % x", test.name, d.out[0], test.out)
		}
	}
}

func TestSCSIAnswers(t *testing.T) {
	if !CanSanitizeSCSI(&answers{data: []byte{0, 3}}, SanitizeBlock) || CanSanitizeSCSI(&answers{data: []byte{0, 1}}, SanitizeBlock) ||
		CanSanitizeSCSI(&answers{data: []byte{0, 3}, errs: []error{Sense{0x70, 0, 5}}}, SanitizeBlock) {
		t.Error("a disk's word on SANITIZE is not taken")
	}
	if n, err := LUNs(&answers{data: []byte{0, 0, 0, 16}}); n != 2 || err != nil {
		t.Errorf("LUNs = %d, %v; want 2", n, err)
	}
	fixed := func(key, code, qualifier byte, specific ...byte) []byte {
		b := make([]byte, 252)
		b[0], b[2], b[7], b[12], b[13] = 0x70, key, 10, code, qualifier
		copy(b[15:], specific)
		return b
	}
	for _, test := range []struct {
		b    []byte
		want SanitizeState
		fail bool
	}{
		{fixed(2, 0x04, 0x1b, 0x80, 0x40, 0), SanitizeState{State: SanitizeRuns, Percent: 25}, false},
		{fixed(2, 0x04, 0x1b), SanitizeState{State: SanitizeRuns}, false},
		{append([]byte{0x72, 2, 0x04, 0x1b, 0, 0, 0, 8, 2, 6, 0, 0, 0x80, 0x80, 0, 0}, make([]byte, 9)...), SanitizeState{State: SanitizeRuns, Percent: 50}, false},
		{fixed(3, 0x31, 0x03), SanitizeState{State: SanitizeFailed}, false},
		{fixed(0, 0, 0), SanitizeState{State: SanitizeDone}, false},
		{fixed(2, 0x04, 0x02), SanitizeState{}, true},
	} {
		got, err := DecodeSanitizeSense(test.b)
		if got != test.want || (err != nil) != test.fail || err != nil && !errors.As(err, new(Sense)) {
			t.Errorf("DecodeSanitizeSense(% x) = %+v, %v; want %+v", test.b[:18], got, err, test.want)
		}
	}
}
