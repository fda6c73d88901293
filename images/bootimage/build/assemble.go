package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"firstlight/images/bootimage"
	"firstlight/images/bootimage/initramfs"
)

// assemble writes the boot image from the kernel's half and the agent. The
// manifest comes last, so that an interrupted build leaves none that lies.
func assemble(ctx context.Context, opts options, half base) (bootimage.Manifest, error) {
	kernel, err := os.ReadFile(filepath.Join(half.dir, baseKernel)) // as loaders take it
	if err != nil {
		return bootimage.Manifest{}, fmt.Errorf("read kernel: %w", err)
	}
	archive, unpacked, err := joinArchives(ctx, opts, half)
	if err != nil {
		return bootimage.Manifest{}, err
	}
	terms, err := os.ReadFile(filepath.Join(half.dir, baseTerms))
	if err != nil {
		return bootimage.Manifest{}, fmt.Errorf("read terms of firmware: %w", err)
	}
	manifest := half.Manifest
	manifest.Files = []bootimage.File{
		describe(bootimage.Kernel, kernel, half.Kernel),
		describe(bootimage.Initramfs, archive, unpacked),
	}
	if err := os.MkdirAll(opts.out, 0o755); err != nil {
		return bootimage.Manifest{}, fmt.Errorf("write boot image: %w", err)
	}
	if err := removeOverlays(opts.out); err != nil {
		return bootimage.Manifest{}, fmt.Errorf("write boot image: %w", err)
	}
	files := map[string][]byte{bootimage.Kernel: kernel, bootimage.Initramfs: archive, bootimage.Terms: terms}
	for _, one := range manifest.Overlays {
		if files[one.Name], err = os.ReadFile(filepath.Join(half.dir, one.Name)); err != nil {
			return bootimage.Manifest{}, fmt.Errorf("read overlay: %w", err)
		}
	}
	for name, content := range files {
		if err := replace(filepath.Join(opts.out, name), content); err != nil {
			return bootimage.Manifest{}, fmt.Errorf("write boot image: %w", err)
		}
	}
	return manifest, writeJSON(filepath.Join(opts.out, bootimage.ManifestFile), manifest)
}

// removeOverlays takes away those of an earlier build: all that lies there goes
// into the appliance.
func removeOverlays(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, bootimage.OverlayName("*")))
	for _, path := range old {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// joinArchives puts the agent's archive after the kernel's half: the kernel
// unpacks any number of archives, each compressed as it likes (its
// Documentation/driver-api/early-userspace/buffer-format.rst).
func joinArchives(ctx context.Context, opts options, half base) ([]byte, int64, error) {
	archive, err := os.ReadFile(filepath.Join(half.dir, baseArchive))
	if err != nil {
		return nil, 0, fmt.Errorf("read kernel's half: %w", err)
	}
	agent, err := os.ReadFile(opts.agent)
	if err != nil {
		return nil, 0, fmt.Errorf("read agent: build it first or name it with -agent: %w", err)
	}
	joined := bytes.NewBuffer(archive)
	summary, err := initramfs.WriteAgent(ctx, joined, agent, opts.architecture)
	if err != nil {
		return nil, 0, fmt.Errorf("pack agent %s: %w", opts.agent, err)
	}
	return joined.Bytes(), half.Unpacked + summary.Unpacked, nil
}

func describe(name string, content []byte, unpacked int64) bootimage.File {
	sum := sha256.Sum256(content)
	return bootimage.File{Name: name, Size: int64(len(content)), Unpacked: unpacked, SHA256: hex.EncodeToString(sum[:])}
}

func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return replace(path, append(data, '\n'))
}

// replace writes a file in one step: a server that reads it meanwhile sees the
// old or the new one.
func replace(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
