package passthrough

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"
	"unsafe"
)

// The kernel's structures have these sizes in linux/nvme_ioctl.h and scsi/sg.h.
func TestStructuresAreAsLongAsTheKernelsAre(t *testing.T) {
	if got := unsafe.Sizeof(nvmeCommand{}); got != 72 {
		t.Errorf("nvme_passthru_cmd has %d bytes, want 72", got)
	}
	if got := unsafe.Sizeof(sgHeader{}); got != 88 {
		t.Errorf("sg_io_hdr has %d bytes, want 88", got)
	}
}

// controllerBytes is made by NVMe, figure 275: OACS at 256, SANICAP at 328, FNA at 524.
func controllerBytes(oacs uint16, sanicap uint32, fna byte) []byte {
	b := make([]byte, identifyBytes)
	copy(b[4:], "S4EVNX0M123456      ")
	copy(b[24:], "Samsung SSD 970 EVO Plus 1TB            ")
	binary.LittleEndian.PutUint16(b[256:], oacs)
	binary.LittleEndian.PutUint32(b[328:], sanicap)
	b[524] = fna
	return b
}

func TestDecodeController(t *testing.T) {
	for _, test := range []struct {
		b    []byte
		want Controller
	}{
		{controllerBytes(0x0017, 0, 0x05), Controller{Format: true, FormatsAll: true, FormatCrypto: true, SelfTest: true}},
		{controllerBytes(0x0002, 0x3, 0x02), Controller{Format: true, ErasesAll: true, Crypto: true, Block: true}},
		{controllerBytes(0x0001, 0x4, 0), Controller{Own: true}},
		{controllerBytes(0, 0xFFFFFFF8, 0xF8), Controller{}},
	} {
		test.want.Serial, test.want.Model = "S4EVNX0M123456", "Samsung SSD 970 EVO Plus 1TB"
		if got, err := DecodeController(test.b); err != nil || got != test.want {
			t.Errorf("DecodeController = %+v, %v; want %+v", got, err, test.want)
		}
	}
	if _, err := DecodeController(make([]byte, 512)); err == nil {
		t.Error("an answer that is too short is read")
	}
}

// The words are those that nvme-cli sends for format -s 1 -l 0, and so on.
func TestAFormatKeepsTheLayout(t *testing.T) {
	for _, test := range []struct {
		flbas, dps byte
		setting    uint32
		want       uint32
	}{
		{0x00, 0x00, FormatErase, 0x200},
		{0x01, 0x00, FormatCrypto, 0x401},
		{0x10, 0x09, FormatErase, 0x330},
		{0x2F, 0x00, FormatErase, 0x120F}, // LBA format 31
	} {
		b := make([]byte, identifyBytes)
		b[26], b[29] = test.flbas, test.dps
		l, err := DecodeLayout(b)
		if got := formatWord(l, test.setting); err != nil || got != test.want {
			t.Errorf("flbas %02x, dps %02x: CDW10 = %x, %v; want %x", test.flbas, test.dps, got, err, test.want)
		}
	}
}

func TestNVMeCommands(t *testing.T) {
	for _, test := range []struct {
		name string
		send func(Door) error
		want Admin
	}{
		{"format", func(d Door) error { return Format(d, 2, Layout{}, FormatErase, time.Hour) }, Admin{Opcode: 0x80, Namespace: 2, CDW10: 0x200, Within: time.Hour}},
		{"sanitize block", func(d Door) error { return Sanitize(d, SanitizeBlock) }, Admin{Opcode: 0x84, CDW10: 0x0a, Within: quick}},
		{"sanitize overwrite", func(d Door) error { return Sanitize(d, SanitizeOverwrite) }, Admin{Opcode: 0x84, CDW10: 0x1b, Within: quick}},
		{"sanitize crypto", func(d Door) error { return Sanitize(d, SanitizeCrypto) }, Admin{Opcode: 0x84, CDW10: 0x0c, Within: quick}},
		{"leave failure mode", func(d Door) error { return Sanitize(d, SanitizeExit) }, Admin{Opcode: 0x84, CDW10: 0x01, Within: quick}},
		{"sanitize status", func(d Door) error { _, err := SanitizeStatus(d); return err }, Admin{Opcode: 0x02, Namespace: 0xffffffff, CDW10: 0x007f0081, Within: quick}},
		{"identify", func(d Door) error { _, err := IdentifyController(d); return err }, Admin{Opcode: 0x06, CDW10: 1, Within: quick}},
		{"layout", func(d Door) error { _, err := IdentifyNamespace(d, 7); return err }, Admin{Opcode: 0x06, Namespace: 7, Within: quick}},
	} {
		d := &answers{}
		if err := test.send(d); err != nil || !slices.Equal(d.admin, []Admin{test.want}) {
			t.Errorf("%s sends %+v, %v; want %+v", test.name, d.admin, err, test.want)
		}
	}
}

func TestNamespaces(t *testing.T) {
	list := []byte{1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0}
	active, all, err := Namespaces(&answers{data: list, errs: []error{nil, Status(2)}})
	if want := []uint32{1, 3}; err != nil || !slices.Equal(active, want) || !slices.Equal(all, want) {
		t.Errorf("Namespaces = %v, %v, %v; want %v twice", active, all, err, want)
	}
	if _, _, err := Namespaces(&answers{errs: []error{Status(1)}}); !errors.Is(err, Status(1)) {
		t.Errorf("Namespaces = %v, want %v", err, Status(1))
	}
}

// NVMe, figure 261: progress is in 65536ths.
func TestDecodeSanitize(t *testing.T) {
	for _, test := range []struct {
		b    []byte
		want SanitizeState
	}{
		{[]byte{0xff, 0xff, 0x01, 0x01, 0x0a, 0, 0, 0}, SanitizeState{State: SanitizeDone, Percent: 99, Action: SanitizeBlock}},
		{[]byte{0x00, 0x80, 0x02, 0x00, 0x0c, 0, 0, 0}, SanitizeState{State: SanitizeRuns, Percent: 50, Action: SanitizeCrypto}},
		{[]byte{0x00, 0x00, 0x0b, 0x00, 0x1b, 0, 0, 0}, SanitizeState{State: SanitizeFailed, Action: SanitizeOverwrite}},
		{make([]byte, 8), SanitizeState{}},
	} {
		if got, err := DecodeSanitize(append(test.b, make([]byte, 504)...)); err != nil || got != test.want {
			t.Errorf("DecodeSanitize(%x) = %+v, %v; want %+v", test.b, got, err, test.want)
		}
	}
}

func FuzzNVMe(f *testing.F) {
	f.Add(controllerBytes(2, 3, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = DecodeController(b)
		_, _ = DecodeLayout(b)
		if n := DecodeNamespaces(b); slices.Contains(n, 0) || len(n) > len(b)/4 {
			t.Errorf("namespaces %v of %d bytes", n, len(b))
		}
		if s, err := DecodeSanitize(b); err == nil && (s.Percent < 0 || s.Percent > 99 || s.State > 7) {
			t.Errorf("state %+v", s)
		}
	})
}
