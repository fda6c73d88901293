package boottest

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"firstlight/images/bootimage"
	"firstlight/ipxe"
	"firstlight/ipxe/script"
)

// buildImage builds a boot image with a program as /init, by the command that
// make build uses.
func buildImage(t *testing.T, init string) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "init")
	run(t, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, init)
	out := filepath.Join(dir, "image")
	run(t, "go", "run", "firstlight/images/bootimage/build", "-arch", "amd64", "-agent", program, "-out", out, "-fetch", "../../debian/fetch")
	return out
}

func agent(w io.Writer, base string) error {
	return script.Agent(w, script.IPXE, script.AgentValues{
		Base: base, Machine: "ams1-web-7", Reason: "available", Architecture: "amd64",
		Overlays: []string{"bna", "cxgb4"},
		Args:     append(bootimage.KernelArgs("amd64"), "firstlight.url="+base),
	})
}

// blankDisk is 8 MB of nothing.
func blankDisk(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.raw")
	write(t, path, make([]byte, 8<<20))
	return path
}

func TestMachinesBootTheBootImage(t *testing.T) {
	needs(t)
	image := buildImage(t, "firstlight/images/bootimage/boottest/testdata/init")
	manifest, err := bootimage.Read(os.DirFS(image))
	if err != nil {
		t.Fatal(err)
	}
	// 48 MB is the most that was promised, 32 MB the aim.
	if size := manifest.Size(); size > 32e6 {
		t.Errorf("the boot image has %d bytes, want at most 32,000,000", size)
	}
	if len(manifest.Overlays) != 5 {
		t.Errorf("the boot image has %d overlays, want 5", len(manifest.Overlays))
	}
	t.Run("a BIOS machine", func(t *testing.T) {
		t.Parallel()
		a := serve(t, image, agent)
		machine{bootfile: a.base + "/first", disk: blankDisk(t)}.boot(t,
			"Firstlight: ams1-web-7 boots the agent: available",
			"firstlight.url="+a.base, "test-init: module ata_piix.ko", "test-init: module e1000.ko", "test-init: module ext4.ko",
			"test-init: firmware ctfw-3.2.5.1.bin", "test-init: firmware t6fw.bin",
			"test-init: network eth0", "test-init: disk sda", "test-init: done")
		a.checkIdentity(t, "pcbios")
	})
	t.Run("a UEFI machine", func(t *testing.T) {
		t.Parallel()
		a := serve(t, image, agent)
		machine{uefi: true, bootfile: ipxe.SNPOnlyEFI, tftp: tftpFolder(t, a), disk: blankDisk(t)}.boot(t,
			"Firstlight: ams1-web-7 boots the agent: available",
			"firstlight.url="+a.base, "test-init: module ahci.ko", "test-init: module virtio_net.ko",
			"test-init: firmware ctfw-3.2.5.1.bin", "test-init: firmware t6fw.bin",
			"test-init: network eth0", "test-init: disk sda", "test-init: done")
		a.checkIdentity(t, "efi")
	})
}
