package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"firstlight/images/bootimage/initramfs"
)

// fetchKernel answers the path of the Debian package with the kernel. Debian's
// linux-image-<arch> is empty and depends on the current one. The amd64 flavour
// is the one with server drivers; cloud kernels have eight network drivers and
// no RAID adapter.
func fetchKernel(ctx context.Context, opts options) (string, error) {
	meta, err := output(ctx, opts.fetch, opts.suite, "linux-image-"+opts.architecture, opts.architecture)
	if err != nil {
		return "", fmt.Errorf("fetch kernel: %w", err)
	}
	depends, err := output(ctx, "dpkg-deb", "--field", meta, "Depends")
	if err != nil {
		return "", fmt.Errorf("read kernel's package name: %w", err)
	}
	name, _, _ := strings.Cut(depends, " ")
	if !strings.HasPrefix(name, "linux-image-") {
		return "", fmt.Errorf("read kernel's package name: %s depends on %q, want a linux-image package", meta, depends)
	}
	path, err := output(ctx, opts.fetch, opts.suite, name, opts.architecture)
	if err != nil {
		return "", fmt.Errorf("fetch kernel: %w", err)
	}
	return path, nil
}

// unpackKernel opens the kernel in a package that it unpacks into a folder.
func unpackKernel(ctx context.Context, pkg, architecture, dir string) (*initramfs.Kernel, error) {
	if _, err := output(ctx, "dpkg-deb", "--extract", pkg, dir); err != nil {
		return nil, fmt.Errorf("unpack kernel: %w", err)
	}
	return initramfs.OpenKernel(os.DirFS(dir), architecture)
}

// output runs a program and answers the line it prints. What it says on standard
// error becomes the error.
func output(ctx context.Context, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if text := strings.TrimSpace(complaint.String()); err != nil && text != "" {
		err = errors.New(text)
	}
	return strings.TrimSpace(string(out)), err
}
