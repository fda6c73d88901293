package install

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/agent/blockdev/blockdevtest"
	"firstlight/agent/report"

	"golang.org/x/sys/unix"
)

// used is what was on a disk before.
var used = bytes.Repeat([]byte("old "), 1<<18)

func TestABlockDeviceIsInstalledTo(t *testing.T) {
	raw := rawImage(t)
	name, _ := blockdevtest.Loop(t, used, diskBytes)
	i, a, _ := setup(t, raw)
	i.Disks = func() []report.Disk { return []report.Disk{{Name: name, Serial: serial, Bytes: diskBytes}} }
	i.Open = OpenDevice
	if _, err := i.Install(t.Context(), order, quiet); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("/dev/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data[10<<20:14<<20], raw[10<<20:14<<20]) {
		t.Error("the root partition is not the image's")
	}
	checkWithTools(t, data, a.plan.Seed)
	// The kernel was told of the new partitions, and has them at their new size.
	if parts, _ := filepath.Glob("/sys/block/" + name + "/" + name + "p*"); len(parts) == 0 {
		t.Skip("SKIPPED the rest: this kernel finds no partition at all (CONFIG_EFI_PARTITION)")
	}
	size, err := os.ReadFile("/sys/block/" + name + "/" + name + "p3/size")
	if got, want := strings.TrimSpace(string(size)), "26624"; err != nil || got != want {
		t.Errorf("the kernel's third partition has %q sectors, %v; want %s", got, err, want)
	}
}

func TestADiskThatIsInUseIsNotOpened(t *testing.T) {
	name, _ := blockdevtest.Loop(t, used, diskBytes)
	if out, err := exec.CommandContext(t.Context(), "mkfs.ext4", "-q", "/dev/"+name).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	dir := t.TempDir()
	if err := unix.Mount("/dev/"+name, dir, "ext4", unix.MS_RDONLY, ""); err != nil {
		t.Skipf("SKIPPED, cannot mount: %v", err)
	}
	defer unix.Unmount(dir, 0) //nolint:errcheck // losetup --detach tells
	if d, err := OpenDevice(name); !errors.Is(err, unix.EBUSY) {
		if err == nil {
			d.Close()
		}
		t.Errorf("OpenDevice of a mounted disk = %v, want %v", err, unix.EBUSY)
	}
}
