package erase

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"

	"firstlight/agent/blockdev/blockdevtest"
	"firstlight/agent/passthrough"

	"golang.org/x/sys/unix"
)

func TestABlockDeviceIsErased(t *testing.T) {
	name, _ := blockdevtest.Loop(t, planted[:size], size)
	// Somebody else's look leaves the old bytes in the kernel's cache.
	if b, err := os.ReadFile("/dev/" + name); err != nil || !bytes.Equal(b, planted[:size]) {
		t.Fatalf("the device does not hold what was planted, %v", err)
	}
	g := newRig()
	g.add(name, "LOOP", "virtio", newDisk(size), true)
	e := g.eraser()
	e.Open = OpenDevice
	erased, _, err := e.Erase(t.Context(), order, quiet)
	if err != nil || erased[0].Method != "overwrite" || !erased[0].Whole {
		t.Errorf("Erase = %+v, %v", erased, err)
	}
	if b, err := os.ReadFile("/dev/" + name); err != nil || !bytes.Equal(b, make([]byte, size)) {
		t.Errorf("the device still holds something, %v", err)
	}
}

// unwritable is a device that takes no write.
type unwritable struct{ Disk }

func (unwritable) Zero(int64, int64) error { return errIO }

func TestABlockDeviceGivesItsBlocksBack(t *testing.T) {
	name, path := blockdevtest.Loop(t, planted[:size], size)
	g := newRig()
	g.add(name, "LOOP", "virtio", newDisk(size), true)
	e := g.eraser()
	e.Open = func(name string) (Disk, error) {
		d, err := OpenDevice(name)
		return unwritable{d}, err
	}
	erased, _, err := e.Erase(t.Context(), order, quiet)
	if err != nil && len(erased) == 1 && len(erased[0].Tried) == 1 {
		t.Skipf("SKIPPED, this loop device discards nothing: %v", err)
	}
	if err != nil || erased[0].Method != "discard" || !erased[0].Whole {
		t.Errorf("Erase = %+v, %v", erased, err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, make([]byte, size)) {
		t.Errorf("the file behind the device still holds something, %v", err)
	}
}

// What is not at the kernel's boundaries is read all the same.
func TestADeviceIsReadAnywhere(t *testing.T) {
	name, _ := blockdevtest.Loop(t, planted[:size], size)
	d, err := OpenDevice(name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, at := range []extent{{0, 512}, {512, 92}, {1, 1}, {4095, 5000}, {size - 512, 512}, {size - 10, 10}, {0, 0}} {
		b := make([]byte, at.n)
		if n, err := d.ReadAt(b, at.off); int64(n) != at.n || err != nil || !bytes.Equal(b, planted[at.off:at.off+at.n]) {
			t.Errorf("ReadAt of %d bytes at %d = %d, %v, or other bytes", at.n, at.off, n, err)
		}
	}
	for _, at := range []extent{{size - 10, 20}, {size, 1}, {size + 512, 512}, {-1, 1}} {
		if n, err := d.ReadAt(make([]byte, at.n), at.off); err == nil || int64(n) == at.n {
			t.Errorf("ReadAt of %d bytes at %d of %d = %d, %v; want an error", at.n, at.off, size, n, err)
		}
	}
	// It is no disk of either kind, and says so without harm.
	var refusal passthrough.Status
	if _, err := passthrough.IdentifyController(d.Door()); err == nil || errors.As(err, &refusal) {
		t.Errorf("IdentifyController = %v", err)
	}
	if _, err := passthrough.IdentifyATA(d.Door()); err == nil {
		t.Error("a loop device passes for an ATA disk")
	}
}

// A disk that lies is not believed for what the kernel remembers of it.
func TestADeviceIsReadPastTheCache(t *testing.T) {
	name, path := blockdevtest.Loop(t, planted[:size], size)
	other, err := os.Open("/dev/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() // or the kernel would forget
	if _, err := io.Copy(io.Discard, other); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 4096), 8192); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDevice(name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b := aligned(4096)
	if _, err := d.ReadAt(b, 8192); err != nil || !bytes.Equal(b, make([]byte, 4096)) {
		t.Errorf("what is read, %v, is what the kernel remembers", err)
	}
}

func TestADeviceThatIsMountedIsNotOpened(t *testing.T) {
	name, _ := blockdevtest.Loop(t, planted[:size], size)
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
