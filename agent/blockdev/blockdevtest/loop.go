// Package blockdevtest makes block devices of the kernel's for tests.
//
// It promises that a device is gone when its test ends, and that a test is skipped
// with a reason where there can be none. Tests of the packages that open disks
// import it; it imports nothing of ours.
package blockdevtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Loop makes a device of size bytes that begins with contents, and gives its name
// and the file behind it.
func Loop(t *testing.T, contents []byte, size int64) (name, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, needs root for a loop device")
	}
	path = filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, contents, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", "--partscan", path).CombinedOutput()
	if err != nil {
		t.Skipf("SKIPPED, no loop device: %v: %s", err, out)
	}
	dev := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "--detach", dev).CombinedOutput(); err != nil {
			t.Errorf("losetup --detach %s: %v: %s", dev, err, out)
		}
	})
	return filepath.Base(dev), path
}
