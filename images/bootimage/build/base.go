package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"firstlight/images/bootimage"
	"firstlight/images/bootimage/initramfs"
)

// base is the kernel's half of a boot image, as it lies in the cache.
type base struct {
	dir string
	// Manifest without files but the overlays, and the unpacked sizes of archive and
	// kernel.
	Manifest bootimage.Manifest
	Unpacked int64
	Kernel   int64
}

const (
	baseKernel  = "vmlinuz"
	baseArchive = "base.cpio.zst"
	baseTerms   = bootimage.Terms
	baseSummary = "base.json"
)

// openBase answers the kernel's half, from the cache or made anew.
func openBase(ctx context.Context, opts options, in inputs) (base, error) {
	key, err := cacheKey(in)
	if err != nil {
		return base{}, fmt.Errorf("find kernel's half in the cache: %w", err)
	}
	dir := filepath.Join(opts.cache, opts.architecture, key)
	if found, err := readBase(dir); err == nil {
		now := time.Now()
		_ = os.Chtimes(dir, now, now) // it goes last
		return found, nil
	}
	if err := makeBase(ctx, opts, in, dir); err != nil {
		return base{}, fmt.Errorf("make kernel's half: %w", err)
	}
	return readBase(dir)
}

// inputs are the paths of the Debian packages that a half is made of.
type inputs struct {
	kernel   string
	firmware map[string]string // by name
}

// cacheKey names a half by its inputs: the packages, and this very program with
// its lists. Whoever changes a line of the builder gets a new one.
func cacheKey(in inputs) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, path := range append([]string{program, in.kernel}, slices.Sorted(maps.Values(in.firmware))...) {
		sum, err := hashFile(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%x\n", sum)
	}
	return hex.EncodeToString(hash.Sum(nil)[:12]), nil
}

func hashFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hash.Sum(nil), err
}

func readBase(dir string) (base, error) {
	found := base{dir: dir}
	data, err := os.ReadFile(filepath.Join(dir, baseSummary))
	if err != nil {
		return base{}, err
	}
	return found, json.Unmarshal(data, &found)
}

// Halves are 26 MB each. Those of a few trees are kept, for a half takes minutes to
// make and two trees that are worked on in turns would make it each time. What a
// build that was killed left behind is let go of after a time that none takes.
const (
	keptHalves = 4
	abandoned  = 2 * time.Hour
	making     = "making-"
)

// tidy removes from a cache what nobody will ask for.
func tidy(cache, architecture string) error {
	left, err := filepath.Glob(filepath.Join(cache, making+"*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if info, gone := os.Stat(dir); gone == nil && time.Since(info.ModTime()) > abandoned {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}
	halves, unread := os.ReadDir(filepath.Join(cache, architecture))
	err = errors.Join(err, unread)
	age := func(e fs.DirEntry) time.Duration {
		if info, err := e.Info(); err == nil {
			return time.Since(info.ModTime())
		}
		return 0 // another build removes it just now
	}
	slices.SortFunc(halves, func(a, b fs.DirEntry) int { return cmp.Compare(age(a), age(b)) })
	for _, half := range halves[min(keptHalves, len(halves)):] {
		err = errors.Join(err, os.RemoveAll(filepath.Join(cache, architecture, half.Name())))
	}
	return err
}

// makeBase makes the half in a temporary folder and moves it to its place when
// it is whole.
func makeBase(ctx context.Context, opts options, in inputs, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(opts.cache, making)
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	kernel, err := unpackKernel(ctx, in.kernel, opts.architecture, filepath.Join(work, "package"))
	if err != nil {
		return err
	}
	trees, terms, err := unpackFirmware(ctx, in.firmware, filepath.Join(work, "firmware"))
	if err != nil {
		return err
	}
	made := filepath.Join(work, filepath.Base(dir))
	if err := writeBase(ctx, made, kernel, trees, in); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(made, baseTerms), terms, 0o644); err != nil {
		return err
	}
	err = os.Rename(made, dir)
	if _, other := readBase(dir); other == nil {
		return tidy(opts.cache, opts.architecture) // ours, or the equal one of a build that ran beside this one
	}
	return err
}

func writeBase(ctx context.Context, dir string, kernel *initramfs.Kernel, trees map[string]fs.FS, in inputs) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	unpacked, err := writeKernel(ctx, filepath.Join(dir, baseKernel), kernel)
	if err != nil {
		return err
	}
	archive, err := os.Create(filepath.Join(dir, baseArchive))
	if err != nil {
		return err
	}
	defer archive.Close()
	summary, err := initramfs.WriteBase(ctx, archive, kernel, trees)
	if err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	var overlays []bootimage.Overlay
	for _, one := range summary.Overlays {
		name := bootimage.OverlayName(one.Driver)
		if err := os.WriteFile(filepath.Join(dir, name), one.Packed, 0o644); err != nil {
			return err
		}
		overlays = append(overlays, bootimage.Overlay{
			File: describe(name, one.Packed, one.Unpacked), PCI: one.PCI,
			Firmware: manifestFirmware([]initramfs.Firmware{one.Firmware}, in.firmware)[0],
		})
	}
	return writeJSON(filepath.Join(dir, baseSummary), base{
		Manifest: bootimage.Manifest{
			Version: kernel.Version, Package: filepath.Base(in.kernel), Architecture: kernel.Architecture, Modules: summary.Modules,
			Firmware: manifestFirmware(summary.Firmware, in.firmware), WithoutFirmware: summary.Without,
			Overlays: overlays,
		},
		Unpacked: summary.Unpacked, Kernel: unpacked,
	})
}
