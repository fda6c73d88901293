package initramfs

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Overlay is an archive that goes beside the initramfs of machines that boot through
// a rare card: the firmware of its driver.
type Overlay struct {
	Firmware
	Packed   []byte
	Unpacked int64
	PCI      []string // the cards: vendor and device as 1425:5410, or 1425:*; sorted
}

// packOverlays makes the archives for the modules whose firmware lies apart, sorted
// by driver.
func (x index) packOverlays(ctx context.Context, trees map[string]fs.FS) ([]Overlay, error) {
	var all []Overlay
	for _, s := range supplies {
		module, ok := x[s.driver]
		if !s.apart || !ok { // not in this architecture's kernel
			continue
		}
		files := make(archive)
		held, err := s.add(files, module.info.firmware, trees)
		if err != nil {
			return nil, err
		}
		var packed bytes.Buffer
		unpacked, err := files.writeTo(ctx, &packed)
		if err != nil {
			return nil, fmt.Errorf("pack overlay of %s: %w", s.driver, err)
		}
		all = append(all, Overlay{Firmware: held, Packed: packed.Bytes(), Unpacked: unpacked, PCI: module.info.cards()})
	}
	return all, nil
}

// cards are the PCI numbers in the aliases of a module, such as
// pci:v00001425d00005410sv*sd*bc*sc*i*.
func (m modinfo) cards() []string {
	var all []string
	for _, alias := range m.aliases {
		numbers, ok := strings.CutPrefix(alias, "pci:v0000")
		if vendor, rest, cut := strings.Cut(numbers, "d"); ok && cut {
			device, _, _ := strings.Cut(rest, "sv")
			all = append(all, strings.ToLower(vendor+":"+strings.TrimPrefix(device, "0000")))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
