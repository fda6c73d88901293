package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const dataDisk = 1 << 30

// httpBoot is the way of firmware that knows no PXE: UEFI HTTP boot, from
// power-on to registered.
var httpBoot = []stage{
	{"dhcp", "ACK: UEFI x64 HTTP boot"},
	{"files", "GET snponly.efi"},
	{"dhcp", "ACK: iPXE on UEFI x64"},
	{"boot", "Decided agent"},
	{"files", "GET vmlinuz"},
	{"files", "GET initramfs"},
	{"agent", "Reported"},
}

// refuses checks that asking nicely does not get past the guard either.
func refuses(r *rig, name string) {
	r.Helper()
	out, err := r.CLI(r.Context(), "job", "install", "hardwarename="+name, "--image", "debian-12")
	if err == nil {
		r.Errorf("an install of a held machine was accepted: %s", out)
	}
}

// makeData lays a file system with a file where the rack will find its disk.
func makeData(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("mkfs.ext4"); err != nil {
		t.Skip("SKIPPED: mkfs.ext4 is not installed; nothing was tested")
	}
	content := filepath.Join(t.TempDir(), "content")
	for _, err := range []error{
		os.MkdirAll(dir, 0o755), os.MkdirAll(content, 0o755),
		os.WriteFile(filepath.Join(content, "PG_VERSION"), []byte("15\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "disk.raw"), nil, 0o600), os.Truncate(filepath.Join(dir, "disk.raw"), dataDisk),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "mkfs.ext4", "-q", "-L", "pgdata", "-d", content, filepath.Join(dir, "disk.raw")).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
}

func hashes(t *testing.T, r *rig) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range r.Machines() {
		if m.Light() {
			continue // its disk is in memory
		}
		f, err := os.Open(m.DiskPath())
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			t.Fatal(err)
		}
		_ = f.Close() // read only
		all[m.Name] = hex.EncodeToString(h.Sum(nil))
	}
	return all
}
