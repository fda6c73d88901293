package passthrough

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

// nvmeLog is made by NVMe, figures 212 and 213.
func nvmeLog(running, percent, result, segment, valid byte, lba uint64) []byte {
	b := make([]byte, selfTestBytes)
	b[0], b[1] = running, percent
	b[4], b[5], b[6] = selfTestShort<<4|result, segment, valid
	binary.LittleEndian.PutUint64(b[20:], lba)
	return b
}

// smartBytes is made by ATA8-ACS, tables 62 and 63.
func smartBytes(status, capability byte) []byte {
	b := make([]byte, 512)
	b[363], b[367] = status, capability
	return b
}

// scsiPage is made by SPC-5, tables 427 and 428.
func scsiPage(codeAndResult, number byte, hours uint16, lba uint64, sense ...byte) []byte {
	b := make([]byte, selfTestPageSize)
	b[0], b[3], b[5], b[7] = selfTestPage, 400-256, 1, 0x10
	b[8], b[9] = codeAndResult, number
	binary.BigEndian.PutUint16(b[10:], hours)
	binary.BigEndian.PutUint64(b[12:], lba)
	copy(b[20:], sense)
	return b
}

func TestHowASelfTestStands(t *testing.T) {
	nvme := func(b []byte) (Tested, error) { return DecodeSelfTest(b) }
	for _, tt := range []struct {
		name   string
		decode func([]byte) (Tested, error)
		b      []byte
		want   Tested
	}{
		{"NVMe, never", nvme, nvmeLog(0, 0, 0xf, 0, 0, 0), Tested{}},
		{"NVMe, runs", nvme, nvmeLog(1, 42, 0, 0, 0, 0), Tested{State: TestRuns, Percent: 42}},
		{"NVMe, passed", nvme, nvmeLog(0, 0, 0, 0, 0, 0), Tested{State: TestPassed}},
		{"NVMe, a segment failed", nvme, nvmeLog(0, 0, 7, 3, 2, 4711), Tested{State: TestFailed, Why: "part 3 of the test failed at LBA 4711"}},
		{"NVMe, no block is known", nvme, nvmeLog(0, 0, 7, 3, 0, 4711), Tested{State: TestFailed, Why: "part 3 of the test failed"}},
		{"NVMe, by a reset", nvme, nvmeLog(0, 0, 2, 0, 0, 0), Tested{State: TestCut, Why: "ended by a reset of the controller"}},
		{"NVMe, of the future", nvme, nvmeLog(0, 0, 0xa, 0, 0, 0), Tested{State: TestFailed, Why: "result ah, which NVMe does not know"}},
		{"ATA, passed", DecodeSMART, smartBytes(0x00, 0x79), Tested{State: TestPassed}},
		{"ATA, runs", DecodeSMART, smartBytes(0xf7, 0x79), Tested{State: TestRuns, Percent: 30}},
		{"ATA, by a command", DecodeSMART, smartBytes(0x19, 0x79), Tested{State: TestCut, Why: "ended by a command"}},
		{"ATA, reading", DecodeSMART, smartBytes(0x74, 0x79), Tested{State: TestFailed, Why: "it could not read"}},
		{"SCSI, never", DecodeSelfTestPage, scsiPage(0, 0, 0, 0), Tested{}},
		{"SCSI, passed", DecodeSelfTestPage, scsiPage(1<<5, 1, 100, 1<<64-1), Tested{State: TestPassed}},
		{"SCSI, runs", DecodeSelfTestPage, scsiPage(1<<5|15, 0, 100, 1<<64-1), Tested{State: TestRuns}},
		{"SCSI, by a command", DecodeSelfTestPage, scsiPage(1<<5|1, 1, 100, 1<<64-1), Tested{State: TestCut, Why: "ended by a command or a reset"}},
		{"SCSI, failed", DecodeSelfTestPage, scsiPage(1<<5|7, 2, 100, 99, 3, 0x11, 4), Tested{State: TestFailed, Why: "part 2 of the test failed, with sense 3/11/04 at LBA 99"}},
	} {
		if got, err := tt.decode(tt.b); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
	for name, err := range map[string]error{
		"NVMe": second(DecodeSelfTest(make([]byte, 31))), "ATA": second(DecodeSMART(make([]byte, 511))), "SCSI": second(DecodeSelfTestPage(make([]byte, 23))),
		"ATA, state 9": second(DecodeSMART(smartBytes(0x90, 0))), "SCSI, another page": second(DecodeSelfTestPage(make([]byte, 24))),
	} {
		if err == nil {
			t.Errorf("%s: what is no answer is read", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhereAnATADiskFailed(t *testing.T) {
	b := make([]byte, 512)
	b[508] = 2
	binary.LittleEndian.PutUint32(b[2+24+5:], 0x01234567)
	if lba, known := DecodeSMARTLog(b); lba != 0x01234567 || !known {
		t.Errorf("the newest of two failed at %x, %v", lba, known)
	}
	b[508] = 22
	if _, known := DecodeSMARTLog(b); known {
		t.Error("a log that points beyond its end is read")
	}
}

// The blocks are those of smartctl -t short, -X, -a and -l selftest.
func TestSelfTestCommands(t *testing.T) {
	able := identifyWords(map[int]uint16{82: 1, 85: 1})
	copy(able[363:], []byte{0, 0, 0, 0, 1 << 4})
	d := &answers{data: able}
	ata, err := ATASelfTest(d)
	if err != nil {
		t.Fatal(err)
	}
	d.cdbs = nil
	_, _ = ata.Start(), ata.Abort()
	_, _ = ata.Status()
	scsiDoor := &answers{data: scsiPage(0, 0, 0, 0)}
	scsi, err := SCSISelfTest(scsiDoor)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = scsi.Start(), scsi.Abort()
	for _, tt := range []struct {
		name string
		got  [][]byte
		want []string
	}{
		{"ATA", d.cdbs, []string{"850600" + "00d40000000100" + "4f00c200b000", "850600" + "00d40000007f00" + "4f00c200b000", "85080e" + "00d00001000000" + "4f00c200b000"}},
		{"SCSI", scsiDoor.cdbs, []string{"4d005000000000019400", "1d2000000000", "1d8000000000"}},
	} {
		var got []string
		for _, cdb := range tt.got {
			got = append(got, hex.EncodeToString(cdb))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: sends %v, want %v", tt.name, got, tt.want)
		}
	}
	n := &answers{data: controllerBytes(1<<4, 0, 0)}
	nvme, err := NVMeSelfTest(n)
	if err != nil {
		t.Fatal(err)
	}
	n.admin = nil
	_, _ = nvme.Start(), nvme.Abort()
	_, _ = nvme.Status()
	want := []Admin{
		{Opcode: 0x14, Namespace: 0xFFFFFFFF, CDW10: 1, Within: quick},
		{Opcode: 0x14, Namespace: 0xFFFFFFFF, CDW10: 15, Within: quick},
		{Opcode: 0x02, Namespace: 0xFFFFFFFF, CDW10: 0x8c0006, Within: quick},
	}
	if !slices.Equal(n.admin, want) {
		t.Errorf("NVMe: sends %+v, want %+v", n.admin, want)
	}
}

func TestADiskWithoutSelfTestSaysSo(t *testing.T) {
	refused := Sense{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0}
	for name, tt := range map[string]struct {
		open func(Door) (SelfTest, error)
		d    *answers
		want string
	}{
		"NVMe":           {NVMeSelfTest, &answers{data: controllerBytes(0, 0, 0)}, "no self-test"},
		"ATA":            {ATASelfTest, &answers{data: identifyWords(nil)}, "no SMART"},
		"ATA, off":       {ATASelfTest, &answers{data: identifyWords(map[int]uint16{82: 1})}, "switched off"},
		"ATA, no test":   {ATASelfTest, &answers{data: identifyWords(map[int]uint16{82: 1, 85: 1})}, "SMART has no self-test"},
		"SCSI":           {SCSISelfTest, &answers{errs: []error{refused}}, "sense 5/20/00"},
		"SCSI, silent":   {SCSISelfTest, &answers{errs: []error{errors.New("timeout")}}, "timeout"},
		"SCSI, nonsense": {SCSISelfTest, &answers{}, "page 00h"},
	} {
		if got, err := tt.open(tt.d); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v; want %q", name, got, err, tt.want)
		}
	}
}

func FuzzSelfTests(f *testing.F) {
	f.Add(nvmeLog(0, 0, 7, 3, 2, 4711))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, decode := range []func([]byte) (Tested, error){DecodeSelfTest, DecodeSMART, DecodeSelfTestPage} {
			if got, err := decode(b); err == nil && (got.Percent < 0 || got.Percent > 100 || got.State == TestFailed && got.Why == "") {
				t.Errorf("%+v", got)
			}
		}
		_, _ = DecodeSMARTLog(b)
	})
}
