package install

import (
	"errors"
	"fmt"
	"strings"

	"firstlight/agent/efiboot"
	"firstlight/agent/gpt"

	"github.com/diskfs/go-diskfs/filesystem"
)

// systemPartition is the type of the partition that firmware starts from.
const systemPartition = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"

// suffixes name the architecture in the file names of loaders (UEFI 2.10, 3.5.1.1).
func suffix(arch string) (string, error) {
	switch arch {
	case "amd64":
		return "x64", nil
	case "arm64":
		return "aa64", nil
	}
	return "", fmt.Errorf("no loader is known for the architecture %s", arch)
}

// bootEntry finds what the firmware is to start on an image's disk.
func bootEntry(d Disk, t *gpt.Table, arch string) (efiboot.Entry, error) {
	for _, p := range t.Parts {
		if p.Type.String() != systemPartition {
			continue
		}
		fat, err := openFAT(d, p)
		if err != nil {
			return efiboot.Entry{}, fmt.Errorf("open the EFI system partition %d: %w", p.Number, err)
		}
		path, err := loader(fat, arch)
		if err != nil {
			return efiboot.Entry{}, fmt.Errorf("look into the EFI system partition %d: %w", p.Number, err)
		}
		return efiboot.Entry{
			Number: uint32(p.Number), Start: uint64(p.Start / t.Sector), Size: uint64(p.Size / t.Sector),
			GUID: p.GUID, LoaderPath: path,
		}, nil
	}
	return efiboot.Entry{}, errors.New("the machine starts by UEFI, and the image has no EFI system partition")
}

// loader prefers the system's own first loader (shim, then GRUB) to the one
// for removable media, which every image for UEFI has.
func loader(fat filesystem.FileSystem, arch string) (string, error) {
	s, err := suffix(arch)
	if err != nil {
		return "", err
	}
	vendors, err := fat.ReadDir("EFI")
	if err != nil {
		return "", fmt.Errorf("it has no folder EFI: %w", err)
	}
	for _, name := range []string{"shim" + s + ".efi", "grub" + s + ".efi", "boot" + s + ".efi"} {
		for _, vendor := range vendors {
			removable := strings.EqualFold(vendor.Name(), "BOOT")
			if !vendor.IsDir() || removable != strings.HasPrefix(name, "boot") {
				continue
			}
			if file, ok := find(fat, "EFI/"+vendor.Name(), name); ok {
				return `\EFI\` + vendor.Name() + `\` + file, nil
			}
		}
	}
	return "", fmt.Errorf("it has no loader for %s, such as \\EFI\\BOOT\\BOOT%s.EFI", arch, strings.ToUpper(s))
}

// find looks for a file whatever the case of its name, which FAT ignores.
func find(fat filesystem.FileSystem, dir, name string) (string, bool) {
	files, err := fat.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, f := range files {
		if strings.EqualFold(f.Name(), name) && !f.IsDir() {
			return f.Name(), true
		}
	}
	return "", false
}
