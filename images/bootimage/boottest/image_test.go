package boottest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/ipxe"
)

// Where the parts of the tiny image lie, in MiB.
const (
	espStart, espSize   = 1, 8
	seedStart, seedSize = 9, 6
	rootStart, rootSize = 15, 1
	imageSize           = 17
)

// tinyImage makes a disk image that says diskSays: with BIOS by its boot code,
// with UEFI by an iPXE that is its loader.
func tinyImage(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.raw")
	write(t, path, bootSector()[:440])
	if err := os.Truncate(path, imageSize<<20); err != nil {
		t.Fatal(err)
	}
	partition(t, path)
	script := filepath.Join(t.TempDir(), "autoexec.ipxe")
	write(t, script, []byte("#!ipxe\necho "+diskSays+"\nsleep 600\n"))
	loader, err := fs.ReadFile(ipxe.Loaders(), ipxe.AMD64EFI)
	if err != nil {
		t.Fatalf("read loader: %v; run ipxe/fetch", err)
	}
	program := filepath.Join(t.TempDir(), "BOOTX64.EFI")
	write(t, program, loader)
	esp := fmt.Sprintf("%s@@%dM", path, espStart)
	format(t, path, "ESP", espStart, espSize)
	format(t, path, "CIDATA", seedStart, seedSize)
	run(t, "mmd", "-i", esp, "::/EFI", "::/EFI/BOOT")
	run(t, "mcopy", "-i", esp, program, script, "::/EFI/BOOT/")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// partition writes the table: one entry a line, as sfdisk reads them.
func partition(t *testing.T, path string) {
	t.Helper()
	const esp, data = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
	table := "label: gpt\n" +
		fmt.Sprintf("start=%dMiB, size=%dMiB, type=%s, name=ESP\n", espStart, espSize, esp) +
		fmt.Sprintf("start=%dMiB, size=%dMiB, type=%s, name=CIDATA\n", seedStart, seedSize, data) +
		fmt.Sprintf("start=%dMiB, size=%dMiB, type=%s, name=root\n", rootStart, rootSize, data)
	runWith(t, strings.NewReader(table), "sfdisk", "-q", "--no-reread", "--no-tell-kernel", path)
}

// format makes a FAT file system in a part of a file.
func format(t *testing.T, path, label string, start, size int) {
	t.Helper()
	run(t, "mkfs.vfat", "--invariant", "-F", "16", "-s", "1", "-n", label,
		"--offset", fmt.Sprint(start*2048), path, fmt.Sprint(size*1024))
}
