package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"firstlight/images/bootimage/initramfs"
)

// A kernel that unpacks itself stays as Debian signed it; one that does not is
// packed, and comes out the same.
func TestWriteKernel(t *testing.T) {
	plain := append(make([]byte, 56), "ARM\x64"...)
	plain = append(plain, make([]byte, 1<<20)...)
	for architecture, data := range map[string][]byte{"amd64": bytes.Repeat([]byte("a kernel"), 100), "arm64": plain} {
		kernel := openKernel(t, architecture, data)
		path := filepath.Join(t.TempDir(), "vmlinuz")
		unpacked, err := writeKernel(t.Context(), path, kernel)
		if err != nil || unpacked != int64(len(data)) {
			t.Fatalf("%s: writeKernel() = %d, %v, want %d bytes unpacked", architecture, unpacked, err, len(data))
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if architecture == "arm64" {
			r, err := gzip.NewReader(bytes.NewReader(got))
			if err != nil || len(got) > len(data)/10 {
				t.Fatalf("%d bytes, %v, want gzip", len(got), err)
			}
			if got, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%s: another kernel came out", architecture)
		}
	}
}

// openKernel makes a kernel package that is as small as one can be.
func openKernel(t *testing.T, architecture string, image []byte) *initramfs.Kernel {
	t.Helper()
	const config = "CONFIG_BLK_DEV_INITRD=y\nCONFIG_RD_ZSTD=y\nCONFIG_DEVTMPFS=y\nCONFIG_PACKET=y\n"
	k, err := initramfs.OpenKernel(fstest.MapFS{
		"boot/vmlinuz-6": {Data: image}, "boot/config-6": {Data: []byte(config)},
		"usr/lib/modules/6/kernel/fs/ext4.ko": {Data: []byte("x")}, "usr/lib/modules/6/modules.builtin": {},
	}, architecture)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
