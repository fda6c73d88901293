package passthrough

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"
)

// identifyWords is made by ACS-4, table 55: a disk of 1,000,215,216 sectors.
func identifyWords(words map[int]uint16) []byte {
	b := make([]byte, 512)
	put := func(at int, s string) {
		for i := 0; i < len(s); i += 2 {
			b[at+i], b[at+i+1] = s[i+1], s[i]
		}
	}
	put(20, "S3RIAL42            ")
	put(54, "Samsung SSD 860 PRO 512GB               ")
	binary.LittleEndian.PutUint16(b[2*83:], 0x4000|1<<10)
	binary.LittleEndian.PutUint64(b[200:], 1000215216)
	for n, w := range words {
		binary.LittleEndian.PutUint16(b[2*n:], w)
	}
	return b
}

func TestDecodeATA(t *testing.T) {
	for _, test := range []struct {
		name  string
		words map[int]uint16
		want  ATA
	}{
		{"no security", nil, ATA{}},
		{"frozen by the firmware", map[int]uint16{82: 2, 89: 1, 90: 4, 128: 0x0029}, ATA{Security: Security{Supported: true, Frozen: true, EnhancedToo: true, Normal: 2 * time.Minute, Enhanced: 8 * time.Minute}}},
		{"locked", map[int]uint16{82: 2, 85: 2, 128: 0x0007}, ATA{Security: Security{Supported: true, Enabled: true, Locked: true}}},
		{"long times", map[int]uint16{82: 2, 89: 0x8000 | 600, 90: 255, 128: 0x0001}, ATA{Security: Security{Supported: true, Normal: 20 * time.Hour, Enhanced: 510 * time.Minute}}},
		{"it hides sectors", map[int]uint16{82: 1 << 10}, ATA{Hides: true}},
	} {
		test.want.Serial, test.want.Model, test.want.Sectors, test.want.Long = "S3RIAL42", "Samsung SSD 860 PRO 512GB", 1000215216, true
		if got, err := DecodeATA(identifyWords(test.words)); err != nil || got != test.want {
			t.Errorf("%s: DecodeATA = %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
	if _, err := DecodeATA(identifyWords(map[int]uint16{0: 0x8580})); err == nil {
		t.Error("a CD drive passes for a disk")
	}
	small := identifyWords(map[int]uint16{60: 0x1234, 61: 0x0001, 83: 0})
	if got, _ := DecodeATA(small); got.Sectors != 0x11234 || got.Long {
		t.Errorf("a disk with 28-bit addresses has %d sectors, long %v", got.Sectors, got.Long)
	}
}

// The blocks are those that hdparm and sg_sat_identify send.
func TestSecureErase(t *testing.T) {
	const set, prepare, erase, disable = "850a06000000010000000000" + "0000f100", "850600000000000000000000" + "0000f300",
		"850a06000000010000000000" + "0000f400", "850a06000000010000000000" + "0000f600"
	refused := Sense{0x70, 0, 0x0b, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for _, test := range []struct {
		name     string
		s        Security
		enhanced bool
		errs     []error
		want     []string
	}{
		{"enhanced", Security{}, true, nil, []string{set, prepare, erase}},
		{"plain", Security{}, false, nil, []string{set, prepare, erase}},
		{"cut off before, and locked since", Security{Enabled: true, Locked: true}, false, nil, []string{prepare, erase}},
		{"frozen", Security{}, false, []error{refused}, []string{set}},
		{"refused: the password is taken back", Security{}, false, []error{nil, nil, refused}, []string{set, prepare, erase, disable}},
	} {
		d := &answers{errs: test.errs}
		err := SecureErase(d, test.s, test.enhanced, time.Hour)
		var got []string
		for _, cdb := range d.cdbs {
			got = append(got, hex.EncodeToString(cdb))
		}
		if !slices.Equal(got, test.want) || (err != nil) != (test.errs != nil) || err != nil && !errors.As(err, new(Sense)) {
			t.Errorf("%s: sent %q, %v; want %q", test.name, got, err, test.want)
		}
		if len(test.errs) > 0 {
			continue
		}
		last := d.out[len(d.out)-1]
		if want := map[bool]byte{true: 2}[test.enhanced]; last[0] != want || !bytes.HasPrefix(last[2:], []byte(Password)) {
			t.Errorf("%s: the erase's data begins with % x", test.name, last[:34])
		}
	}
}

// The sense is that of SAT-4, 12.2.2.6, for the LBA 3B9E32AFh.
func TestNativeSectors(t *testing.T) {
	sense := Sense{0x72, 1, 0, 0x1d, 0, 0, 0, 14, 9, 12, 1, 0, 0, 0, 0x3b, 0xaf, 0, 0x32, 0, 0x9e, 0x40, 0x50}
	d := &answers{errs: []error{sense}}
	n, err := NativeSectors(d, ATA{Long: true})
	if want := uint64(0x3b9e32af) + 1; err != nil || n != want {
		t.Errorf("NativeSectors = %x, %v; want %x", n, err, want)
	}
	if got, want := hex.EncodeToString(d.cdbs[0]), "850720000000000000000000"+"00402700"; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	if n, err := NativeSectors(&answers{errs: []error{sense}}, ATA{}); err != nil || n != 0x9e32af+1 {
		t.Errorf("NativeSectors of a small disk = %x, %v", n, err)
	}
	for _, err := range []error{nil, errors.New("no such ioctl"), Sense{0x70, 0, 5}, Sense{0x72, 5, 0x20}} {
		if _, err := NativeSectors(&answers{errs: []error{err}}, ATA{}); err == nil {
			t.Errorf("%v counts as an answer", err)
		}
	}
}

func FuzzATA(f *testing.F) {
	f.Add(identifyWords(map[int]uint16{82: 2, 128: 0x29}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := DecodeATA(b); err == nil && (a.Sectors >= 1<<48 || a.Normal < 0 || a.Enhanced < 0) {
			t.Errorf("%+v", a)
		}
	})
}

func FuzzSense(f *testing.F) {
	f.Add([]byte{0x72, 1, 0, 0x1d, 0, 0, 0, 14, 9, 12, 1, 0, 0, 0, 0x3b, 0xaf, 0, 0x32, 0, 0x9e, 0x40, 0x50})
	f.Add([]byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if Sense(b).Error() == "" {
			t.Error("no word")
		}
		if s, err := DecodeSanitizeSense(b); err == nil && (s.Percent < 0 || s.Percent > 99) {
			t.Errorf("%+v", s)
		}
	})
}
