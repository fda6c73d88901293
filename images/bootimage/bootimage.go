// Package bootimage says what a boot image is: a Debian kernel and an initramfs
// with the agent as /init, and the manifest that names their sizes and hashes.
//
// The builder (images/bootimage/build) writes these files and the server serves
// them; both import this package, which is all they share. It imports the
// standard library only.
package bootimage

import (
	"encoding/json"
	"fmt"
	"io/fs"
)

// The files of a boot image.
const (
	Kernel       = "vmlinuz"
	Initramfs    = "initramfs"
	ManifestFile = "bootimage.json"
)

// Manifest describes a boot image.
type Manifest struct {
	// Version is the kernel's release as uname tells it.
	Version string `json:"version"`
	// Package is the file name of the Debian package the kernel is from.
	Package string `json:"package"`
	// Architecture is Debian's name for it: amd64, arm64.
	Architecture string `json:"architecture"`
	// Modules counts the kernel modules in the initramfs.
	Modules int `json:"modules"`
	// Files are the kernel and the initramfs, in this order.
	Files []File `json:"files"`
}

// File describes one file of a boot image.
type File struct {
	Name string `json:"name"`
	// Size is in bytes, on the wire.
	Size int64 `json:"size"`
	// Unpacked is the size in the machine's memory; the kernel unpacks itself
	// and is counted as it is.
	Unpacked int64 `json:"unpacked"`
	// SHA256 is in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Size is what a machine downloads.
func (m Manifest) Size() int64 {
	var size int64
	for _, file := range m.Files {
		size += file.Size
	}
	return size
}

// Read reads the manifest of the boot image in a folder, and checks that its
// files are there in full. It does not hash them: ETags come from the manifest.
func Read(dir fs.FS) (Manifest, error) {
	data, err := fs.ReadFile(dir, ManifestFile)
	if err != nil {
		return Manifest{}, fmt.Errorf("read boot image: it is not in this binary, run make build: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("read boot image: parse %s: %w", ManifestFile, err)
	}
	if len(m.Files) != 2 || m.Files[0].Name != Kernel || m.Files[1].Name != Initramfs {
		return Manifest{}, fmt.Errorf("read boot image: %s does not name %s and %s: run make build", ManifestFile, Kernel, Initramfs)
	}
	for _, file := range m.Files {
		info, err := fs.Stat(dir, file.Name)
		if err != nil {
			return Manifest{}, fmt.Errorf("read boot image: run make build: %w", err)
		}
		if info.Size() != file.Size {
			return Manifest{}, fmt.Errorf("read boot image: %s has %d bytes, its manifest says %d: run make build",
				file.Name, info.Size(), file.Size)
		}
	}
	return m, nil
}
