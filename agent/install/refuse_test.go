package install

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

// rehash makes a changed image the one that the plan names.
func rehash(t *testing.T, a *fakeAppliance, raw []byte) {
	t.Helper()
	a.packed = pack(t, raw)
	sum := sha256.Sum256(a.packed)
	a.plan.Image.Compressed, a.plan.Image.Bytes = int64(len(a.packed)), int64(len(raw))
	a.plan.Image.CompressedSHA256 = hex.EncodeToString(sum[:])
}

func TestNothingIsWrittenWithoutAPlanThatFits(t *testing.T) {
	raw := rawImage(t)
	for _, test := range []struct {
		name   string
		change func(*Installer, *fakeAppliance)
		says   string
	}{
		{"the token was redeemed before", func(_ *Installer, a *fakeAppliance) {
			a.redeem = func() error { return &appliance.Refusal{Status: 401, Message: "redeemed before"} }
		}, "redeemed before"},
		{"no disk has the serial", func(_ *Installer, a *fakeAppliance) { a.plan.Disk.Serial = "X" }, `no disk has the serial "X"`},
		{"the plan names no disk", func(_ *Installer, a *fakeAppliance) { a.plan.Disk.Serial = "" }, "its serial is empty"},
		{"the disk has the serial and another size", func(_ *Installer, a *fakeAppliance) { a.plan.Disk.Bytes++ }, "no disk has the serial"},
		{"two disks have the serial", func(i *Installer, _ *fakeAppliance) {
			i.Disks = func() []report.Disk {
				return []report.Disk{{Name: "sdb", Serial: serial, Bytes: diskBytes}, {Name: "sdc", Serial: serial, Bytes: diskBytes}}
			}
		}, `2 disks have the serial "S3RIAL"`},
		{"the disk is smaller than the image", func(_ *Installer, a *fakeAppliance) { a.plan.Image.Bytes = diskBytes + 1 }, "and the disk S3RIAL has"},
		{"the plan has no hash", func(_ *Installer, a *fakeAppliance) {
			a.plan.Image.SHA256, a.plan.Image.CompressedSHA256 = "", "F0"
		}, "want 64 lower-case hexadecimal digits"},
		{"a file of the seed leads elsewhere", func(_ *Installer, a *fakeAppliance) {
			a.plan.Seed = map[string]string{"../EFI/BOOT/BOOTX64.EFI": "x"}
		}, "want a plain name"},
		{"the disk cannot be opened", func(i *Installer, _ *fakeAppliance) {
			i.Open = func(string) (Disk, error) { return nil, errors.New("device or resource busy") }
		}, "busy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, a, d := setup(t, raw)
			before := bytes.Clone(d.data)
			test.change(i, a)
			_, err := i.Install(t.Context(), order, quiet)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Install = %v, want an error that says %q", err, test.says)
			}
			if d.writes > 0 || !bytes.Equal(before, d.data) {
				t.Errorf("the disk was written %d times", d.writes)
			}
		})
	}
}

func TestTheDiskCannotStartWhenAnythingIsNotAsPlanned(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, i *Installer, a *fakeAppliance, raw []byte)
		step   string
		says   string
	}{
		{"the hash differs", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) {
			a.plan.Image.CompressedSHA256 = strings.Repeat("0", 64)
		}, report.StepWrite, "has the hash"},
		{"one bit of the image differs", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) {
			a.packed = bytes.Clone(a.packed)
			a.packed[len(a.packed)/2] ^= 1
		}, report.StepWrite, "has the hash"},
		{"the image is longer than planned", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) { a.plan.Image.Bytes-- }, report.StepWrite, "has at least"},
		{"the image is shorter than planned", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) { a.plan.Image.Bytes++ }, report.StepWrite, "in the plan"},
		{"the file has another length than planned", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) {
			a.plan.Image.Compressed--
		}, report.StepWrite, "in the plan"},
		{"the image is not compressed", func(_ *testing.T, _ *Installer, a *fakeAppliance, raw []byte) {
			a.packed = raw
			a.plan.Image.Compressed = int64(len(raw))
		}, report.StepWrite, "unpack image"},
		{"the appliance returns with another image", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) {
			a.stream = func(int64) (io.Reader, error) {
				return io.MultiReader(bytes.NewReader(a.packed[:len(a.packed)/2]), readerFunc(func([]byte) (int, error) {
					a.etag = `"two"`
					return 0, io.ErrUnexpectedEOF
				})), nil
			}
		}, report.StepWrite, appliance.ErrChanged.Error()},
		{"the appliance returns without the image", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) {
			a.stream = func(int64) (io.Reader, error) { return nil, &appliance.Refusal{Status: 404, Message: "no such image"} }
		}, report.StepWrite, "no such image"},
		{"the image has no partition table", func(t *testing.T, _ *Installer, a *fakeAppliance, raw []byte) {
			clear(raw[512 : 34*512])
			clear(raw[imageBytes-1<<20:])
			rehash(t, a, raw)
		}, report.StepVerify, "no GUID partition table"},
		{"the image's partition table is damaged", func(t *testing.T, _ *Installer, a *fakeAppliance, raw []byte) {
			raw[1024]++
			rehash(t, a, raw)
		}, report.StepVerify, "checksum"},
		{"the image has no place for the seed", func(t *testing.T, _ *Installer, a *fakeAppliance, raw []byte) {
			clear(raw[5<<20 : 5<<20+512])
			rehash(t, a, raw)
		}, report.StepSeed, "no FAT file system"},
		{"the seed is larger than its partition", func(_ *testing.T, _ *Installer, a *fakeAppliance, _ []byte) {
			a.plan.Seed["user-data"] = strings.Repeat("x", 6<<20)
		}, report.StepSeed, "user-data"},
		{"the firmware does not keep its boot order", func(_ *testing.T, i *Installer, _ *fakeAppliance, _ []byte) {
			i.Variables = forgetful{}
		}, report.StepBoot, "read the firmware's Boot0000 back"},
		{"the image has no loader for this machine", func(_ *testing.T, i *Installer, _ *fakeAppliance, _ []byte) {
			i.Variables, i.Arch = forgetful{}, "arm64"
		}, report.StepBoot, "BOOTAA64.EFI"},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := rawImage(t)
			i, a, d := setup(t, raw)
			test.change(t, i, a, raw)
			step, err := i.Install(t.Context(), order, quiet)
			if step != test.step || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Install = %s, %v; want an error in %s that says %q", step, err, test.step, test.says)
			}
			if d.canStart() {
				t.Error("the disk can start")
			}
		})
	}
}

// forgetful is firmware that takes every variable and keeps none.
type forgetful struct{}

func (forgetful) Names() ([]string, error)   { return nil, nil }
func (forgetful) Get(string) ([]byte, error) { return nil, errors.New("no such variable") }
func (forgetful) Set(string, []byte) error   { return nil }
func (forgetful) Delete(string) error        { return nil }
