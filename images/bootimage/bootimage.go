// Package bootimage says what a boot image is: a Debian kernel and an initramfs
// with the agent as /init, and the manifest that names their sizes and hashes.
//
// The builder (images/bootimage/build) writes these files and the server serves
// them; both import this package, which is all they share. It imports the
// standard library only.
package bootimage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Architectures are those that a boot image can be built for, by Debian's names.
var Architectures = []string{"amd64", "arm64"}

// The files of a boot image.
const (
	Kernel       = "vmlinuz"
	Initramfs    = "initramfs"
	ManifestFile = "bootimage.json"
	// Terms are those of the firmware in the initramfs, as Debian states them. They
	// go where the image goes, and to no machine.
	Terms = "firmware.copyright"
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
	// Firmware is what the initramfs holds of it, by driver.
	Firmware []Firmware `json:"firmware,omitempty"`
	// WithoutFirmware are drivers in the initramfs that may ask for firmware which
	// it does not hold; README says what becomes of their devices.
	WithoutFirmware []string `json:"without_firmware,omitempty"`
	// Files are the kernel and the initramfs, in this order.
	Files []File `json:"files"`
	// Overlays are what some machines get besides, sorted by driver.
	Overlays []Overlay `json:"overlays,omitempty"`
}

// Overlay is an archive that the kernel unpacks after the initramfs: the firmware of
// a rare network card, under whose driver it stands.
type Overlay struct {
	File
	// PCI are the cards: vendor and device as 1425:5410, or 1425:* for all of one.
	PCI      []string `json:"pci"`
	Firmware Firmware `json:"firmware"`
}

// OverlayName is the name of the file of an overlay, by its driver.
func OverlayName(driver string) string { return "overlay-" + driver }

// Firmware is the firmware of one driver.
type Firmware struct {
	Driver string `json:"driver"`
	// Package is the file name of the Debian package it is from.
	Package string `json:"package"`
	// Files are the names that the driver asks for.
	Files []string `json:"files"`
}

// File describes one file of a boot image.
type File struct {
	Name string `json:"name"`
	// Size is in bytes, on the wire.
	Size int64 `json:"size"`
	// Unpacked is the size in the machine's memory. A kernel that unpacks itself
	// is counted as it is, one that the loader unpacks as that leaves it.
	Unpacked int64 `json:"unpacked"`
	// SHA256 is in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Size is what a machine downloads that needs no overlay.
func (m Manifest) Size() int64 {
	var size int64
	for _, file := range m.Files {
		size += file.Size
	}
	return size
}

// ReadAll reads the boot images in a folder that has one folder for each
// architecture. Those that are not there are left out. What is damaged is an
// error, beside which the others are answered all the same.
func ReadAll(dir fs.FS) (map[string]Manifest, error) {
	all, damaged := map[string]Manifest{}, error(nil)
	for _, architecture := range Architectures {
		one, err := fs.Sub(dir, architecture)
		if err != nil {
			return nil, err
		}
		m, err := Read(one)
		switch {
		case err == nil && m.Architecture == architecture:
			all[architecture] = m
		case err == nil:
			damaged = errors.Join(damaged, fmt.Errorf("read boot image: folder %s holds one for %s: run make build", architecture, m.Architecture))
		case !errors.Is(err, errNone):
			damaged = errors.Join(damaged, fmt.Errorf("%s: %w", architecture, err))
		}
	}
	return all, damaged
}

// errNone: there is no boot image at all.
var errNone = errors.New("it is not in this binary, run make build")

// Read reads the manifest of the boot image in a folder, and checks that its
// files are there in full. It does not hash them: ETags come from the manifest.
func Read(dir fs.FS) (Manifest, error) {
	data, err := fs.ReadFile(dir, ManifestFile)
	if err != nil {
		return Manifest{}, fmt.Errorf("read boot image: %w: %w", errNone, err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("read boot image: parse %s: %w", ManifestFile, err)
	}
	if len(m.Files) != 2 || m.Files[0].Name != Kernel || m.Files[1].Name != Initramfs {
		return Manifest{}, fmt.Errorf("read boot image: %s does not name %s and %s: run make build", ManifestFile, Kernel, Initramfs)
	}
	files := slices.Clone(m.Files)
	for _, one := range m.Overlays {
		if one.Name != OverlayName(one.Firmware.Driver) {
			return Manifest{}, fmt.Errorf("read boot image: %s names %s as the overlay of %s: run make build", ManifestFile, one.Name, one.Firmware.Driver)
		}
		files = append(files, one.File)
	}
	for _, file := range files {
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
