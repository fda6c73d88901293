package gpt_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/agent/gpt"

	"github.com/google/go-cmp/cmp"
)

const layout = `label: gpt
label-id: 3B2E1C5A-0F4B-4E4C-9C5B-0A1B2C3D4E5F
first-lba: 2048
14 : start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649, name=BIOS
15 : start=4096, size=8192, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=ESP
1 : start=12288, size=10240, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="root ü"
`

// disk makes a file with the layout above, written by util-linux' sfdisk: an
// independent hand, so that reading is not tested against our own writing.
func disk(t testing.TB, size int64) *os.File {
	t.Helper()
	tool, err := exec.LookPath("sfdisk")
	if err != nil {
		t.Skip("SKIPPED, install fdisk (make deps): ", err)
	}
	path := filepath.Join(t.TempDir(), "disk")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "--quiet", path)
	cmd.Stdin = strings.NewReader(layout)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sfdisk: %v\n%s", err, out)
	}
	return f
}

func TestRead(t *testing.T) {
	f := disk(t, 16<<20)
	got, err := gpt.Read(f, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	type part struct {
		Number      int
		Name, Type  string
		Start, Size int64
	}
	var parts []part
	for _, p := range got.Parts {
		parts = append(parts, part{p.Number, p.Name, p.Type.String(), p.Start, p.Size})
	}
	want := []part{
		{1, "root ü", "0fc63daf-8483-4772-8e79-3d69d8477de4", 6 << 20, 5 << 20},
		{14, "BIOS", "21686148-6449-6e6f-744e-656564454649", 1 << 20, 1 << 20},
		{15, "ESP", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", 2 << 20, 4 << 20},
	}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Errorf("Read differs (-want +got):\n%s", diff)
	}
}

func TestReadFallsBackToTheBackup(t *testing.T) {
	f := disk(t, 16<<20)
	if _, err := f.WriteAt(make([]byte, 1<<20), 0); err != nil {
		t.Fatal(err)
	}
	got, err := gpt.Read(f, 16<<20)
	if err != nil || !got.Backup || len(got.Parts) != 3 {
		t.Errorf("Read of a disk without its first MiB = %+v, %v; want the backup's 3 partitions", got, err)
	}
}

func TestReadTellsDamageFromAbsence(t *testing.T) {
	if _, err := gpt.Read(bytes.NewReader(make([]byte, 1<<20)), 1<<20); !errors.Is(err, gpt.ErrNone) {
		t.Errorf("Read(zeros) = %v, want an error that is ErrNone", err)
	}
	b := make([]byte, 1<<20)
	copy(b[512:], "EFI PART")
	if _, err := gpt.Read(bytes.NewReader(b), 1<<20); err == nil || errors.Is(err, gpt.ErrNone) {
		t.Errorf("Read(signature only) = %v, want an error that is not ErrNone", err)
	}
}

func TestFitMovesTheTableToTheEndOfABiggerDisk(t *testing.T) {
	for _, size := range []int64{16 << 20, 64 << 20, 64<<20 + 512*7} {
		f := disk(t, 16<<20)
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		table, err := gpt.Read(f, size)
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Fit(size); err != nil {
			t.Fatalf("Fit(%d) = %v", size, err)
		}
		if err := table.Write(f, size); err != nil {
			t.Fatalf("Write(%d) = %v", size, err)
		}
		verify(t, f.Name())
		again, err := gpt.Read(f, size)
		if err != nil {
			t.Fatal(err)
		}
		root := again.Parts[0]
		if end, want := root.Start+root.Size, (size-33*512)/(1<<20)*(1<<20); end != want {
			t.Errorf("on %d bytes root ends at %d, want %d", size, end, want)
		}
	}
}

// verify asks sfdisk, which also looks at the protective record.
func verify(t *testing.T, path string) {
	t.Helper()
	out, err := exec.Command("sfdisk", "--verify", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "No errors detected") {
		t.Errorf("sfdisk --verify: %v\n%s", err, out)
	}
	dump, err := exec.Command("sfdisk", "--dump", path).CombinedOutput()
	if err != nil || strings.Contains(string(dump), "corrupt") || strings.Contains(string(dump), "mismatch") {
		t.Errorf("sfdisk --dump: %v\n%s", err, dump)
	}
}

func TestFitRefusesASmallerDisk(t *testing.T) {
	f := disk(t, 16<<20)
	table, err := gpt.Read(f, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Fit(8 << 20); err == nil || !strings.Contains(err.Error(), "partition 1 ends at byte 11534336") {
		t.Errorf("Fit(8 MiB) = %v, want an error that names partition and size", err)
	}
}

func FuzzRead(f *testing.F) {
	seed := make([]byte, 64<<10)
	copy(seed[512:], "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00")
	f.Add(seed)
	if _, err := exec.LookPath("sfdisk"); err == nil {
		b, err := os.ReadFile(disk(f, 11<<20+1<<19).Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:40<<10])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := gpt.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for _, p := range table.Parts {
			if p.Start < 0 || p.Size <= 0 {
				t.Errorf("Read accepted %+v", p)
			}
		}
	})
}
