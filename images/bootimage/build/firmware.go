package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"firstlight/images/bootimage"
	"firstlight/images/bootimage/initramfs"
)

// fetchFirmware answers the paths of the Debian packages with firmware, by name.
// They are of non-free-firmware: may be passed on, have no source.
func fetchFirmware(ctx context.Context, opts options) (map[string]string, error) {
	paths := map[string]string{}
	for _, name := range initramfs.FirmwarePackages() {
		path, err := output(ctx, opts.fetch, opts.suite, name, opts.architecture)
		if err != nil {
			return nil, fmt.Errorf("fetch firmware: %w", err)
		}
		paths[name] = path
	}
	return paths, nil
}

// unpackFirmware unpacks the packages, each into a folder of its own, and
// answers their trees and their terms.
func unpackFirmware(ctx context.Context, packages map[string]string, dir string) (map[string]fs.FS, []byte, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("unpack firmware: %w", err)
	}
	trees, terms := map[string]fs.FS{}, []string{}
	for _, name := range initramfs.FirmwarePackages() {
		to := filepath.Join(dir, name)
		if _, err := output(ctx, "dpkg-deb", "--extract", packages[name], to); err != nil {
			return nil, nil, fmt.Errorf("unpack firmware: %w", err)
		}
		text, err := os.ReadFile(filepath.Join(to, "usr/share/doc", name, "copyright"))
		if err != nil {
			return nil, nil, fmt.Errorf("read terms of firmware: %w", err)
		}
		// Packages of one source have one text.
		if !slices.Contains(terms, string(text)) {
			terms = append(terms, string(text))
		}
		trees[name] = os.DirFS(to)
	}
	return trees, []byte(strings.Join(terms, "\n")), nil
}

// manifestFirmware names the packages by the files they came in, as the kernel's is.
func manifestFirmware(held []initramfs.Firmware, packages map[string]string) []bootimage.Firmware {
	var all []bootimage.Firmware
	for _, one := range held {
		all = append(all, bootimage.Firmware{Driver: one.Driver, Package: filepath.Base(packages[one.Package]), Files: one.Files})
	}
	return all
}
