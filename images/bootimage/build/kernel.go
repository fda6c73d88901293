package main

import (
	"context"
	"fmt"
	"os"

	"firstlight/images/bootimage/initramfs"
)

// writeKernel writes the kernel as loaders take it, and answers its size in the
// memory of a machine: as Debian signed it, but in gzip where it does not unpack
// itself. arm64's is 38 MB otherwise; iPXE for arm64 and GRUB unpack it.
//
// It is gzip's work: iPXE refuses what Go's compress/flate writes, a Huffman code
// of one distance, as incomplete (seen with 1.21.1 on 27 November 2026).
func writeKernel(ctx context.Context, path string, kernel *initramfs.Kernel) (unpacked int64, err error) {
	image, err := kernel.Image()
	if err == nil {
		err = os.WriteFile(path, image, 0o644)
	}
	if err != nil || !isPlain(image) {
		return int64(len(image)), err
	}
	if _, err := output(ctx, "gzip", "-9", "--no-name", path); err != nil {
		return 0, fmt.Errorf("compress kernel: %w", err)
	}
	return int64(len(image)), os.Rename(path+".gz", path)
}

// isPlain tells an arm64 kernel that is not compressed by the magic number of
// its header (the kernel's Documentation/arch/arm64/booting.rst).
func isPlain(kernel []byte) bool {
	return len(kernel) > 60 && string(kernel[56:60]) == "ARM\x64"
}
