package install

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"

	"github.com/klauspost/compress/zstd"
)

const (
	diskBytes  = 24 << 20
	imageBytes = 16 << 20
	serial     = "S3RIAL"
	etag       = `"one"`
)

const layout = `label: gpt
first-lba: 2048
1 : start=2048, size=8192, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=ESP
2 : start=10240, size=10240, type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, name=CIDATA
3 : start=20480, size=10240, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root
`

// image makes a disk image with tools that are not ours: a loader, an empty
// partition for the seed and a root that holds a pattern. It is made once.
var image = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "install")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "image")
	if err := os.WriteFile(path, bytes.Repeat([]byte{0xEB}, 440), 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(path, imageBytes); err != nil {
		return nil, err
	}
	loader := filepath.Join(dir, "BOOTX64.EFI")
	if err := os.WriteFile(loader, []byte("MZ"), 0o600); err != nil {
		return nil, err
	}
	esp := path + "@@1M"
	for _, c := range [][]string{
		{"sfdisk", "-q", "--no-reread", "--no-tell-kernel", path},
		{"mkfs.vfat", "--invariant", "-F", "16", "-s", "1", "-n", "ESP", "--offset", "2048", path, "4096"},
		{"mkfs.vfat", "--invariant", "-F", "16", "-s", "1", "-n", "CIDATA", "--offset", "10240", path, "5120"},
		{"mmd", "-i", esp, "::/EFI", "::/EFI/BOOT"},
		{"mcopy", "-i", esp, loader, "::/EFI/BOOT/"},
	} {
		cmd := exec.Command(c[0], c[1:]...)
		cmd.Stdin = strings.NewReader(layout)
		if out, err := cmd.CombinedOutput(); err != nil {
			return out, err
		}
	}
	raw, err := os.ReadFile(path)
	if err == nil {
		noise := rand.NewChaCha8([32]byte{1})
		_, _ = noise.Read(raw[10<<20 : 10<<20+512<<10]) // never fails
		copy(raw[13<<20:], "the end of the root file system")
	}
	return raw, err
})

// rawImage gives a copy of image's bytes.
func rawImage(t *testing.T) []byte {
	t.Helper()
	for _, tool := range []string{"sfdisk", "mkfs.vfat", "mmd", "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("SKIPPED, install fdisk, dosfstools and mtools (make deps): ", err)
		}
	}
	raw, err := image()
	if err != nil {
		t.Fatalf("make image: %v\n%s", err, raw)
	}
	return bytes.Clone(raw)
}

// fakeAppliance gives one plan for one token, and its image in pieces.
type fakeAppliance struct {
	plan     report.Plan
	packed   []byte
	etag     string
	stream   func(offset int64) (io.Reader, error) // nil: the rest of packed
	redeem   func() error                          // nil: agrees
	opened   []int64                               // offsets
	redeemed int
}

func (a *fakeAppliance) Redeem(_ context.Context, r report.Redeem) (report.Plan, error) {
	if a.redeemed++; a.redeem != nil {
		if err := a.redeem(); err != nil {
			return report.Plan{}, err
		}
	}
	if r.Token != "t" {
		return report.Plan{}, &appliance.Refusal{Status: 401, Message: "token"}
	}
	return a.plan, nil
}

func (a *fakeAppliance) Image(_ context.Context, _ string, offset int64, etag string) (appliance.Stream, error) {
	a.opened = append(a.opened, offset)
	if offset > 0 && etag != a.etag {
		return appliance.Stream{}, appliance.ErrChanged
	}
	var body io.Reader = bytes.NewReader(a.packed[offset:])
	if a.stream != nil {
		var err error
		if body, err = a.stream(offset); err != nil {
			return appliance.Stream{}, err
		}
	}
	return appliance.Stream{Body: io.NopCloser(body), Size: int64(len(a.packed)), ETag: a.etag}, nil
}

func pack(t *testing.T, raw []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(raw, nil)
}

// setup makes an installer with a fake disk full of what was there before.
func setup(t *testing.T, raw []byte) (*Installer, *fakeAppliance, *fakeDisk) {
	t.Helper()
	packed := pack(t, raw)
	sum, packedSum := sha256.Sum256(raw), sha256.Sum256(packed)
	a := &fakeAppliance{packed: packed, etag: etag, plan: report.Plan{
		Disk: report.Target{Serial: serial, Bytes: diskBytes},
		Image: report.Image{
			Name: "debian", Path: "/i", Compressed: int64(len(packed)), Bytes: int64(len(raw)),
			SHA256: hex.EncodeToString(sum[:]), CompressedSHA256: hex.EncodeToString(packedSum[:]),
		},
		Host: "web-1", Seed: map[string]string{"meta-data": "instance-id: 1\n", "user-data": "#cloud-config\nhostname: web-1\n"},
	}}
	old := bytes.Repeat([]byte("old system "), diskBytes/11+1)[:diskBytes]
	copy(old, raw[:1<<20]) // it could start
	d := &fakeDisk{data: old}
	return &Installer{
		Appliance: a, Arch: "amd64", Log: slog.New(slog.DiscardHandler), Patience: time.Minute,
		Disks: func() []report.Disk {
			return []report.Disk{{Name: "sda", Serial: "OTHER", Bytes: diskBytes}, {Name: "sdb", Serial: serial, Bytes: diskBytes}}
		},
		Open: func(name string) (Disk, error) {
			if name != "sdb" {
				t.Errorf("disk %s was opened, want sdb, whose serial is in the plan", name)
			}
			return d, nil
		},
	}, a, d
}

var order = report.Order{ID: "1", Action: report.ActionInstall, Token: "t"}

func quiet(report.Progress) {}
