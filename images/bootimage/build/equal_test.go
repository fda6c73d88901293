package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"firstlight/images/bootimage"
)

// Two builds of Debian's real packages, none of which finds anything of the
// other's in a cache, are the same to the last byte, whatever stands in clocks
// and folders; of overlays the manifest has the hashes. That the lists inside have no order of their own is held by
// initramfs in each run of the tests.
func TestTwoBuildsAreEqual(t *testing.T) {
	if os.Getenv("FIRSTLIGHT_LONG") == "" {
		t.Skip("SKIPPED: it packs two boot images, for two minutes; FIRSTLIGHT_LONG=1 (make test-long) does it")
	}
	first, second := buildAnew(t), buildAnew(t)
	for _, name := range []string{bootimage.Kernel, bootimage.Initramfs, bootimage.ManifestFile, bootimage.Terms} {
		if !bytes.Equal(read(t, first, name), read(t, second, name)) {
			t.Errorf("%s differs between two builds", name)
		}
	}
}

// buildAnew answers the folder of a boot image that was made from nothing.
func buildAnew(t *testing.T) string {
	t.Helper()
	opts, err := parse([]string{"-arch", "amd64", "-agent", agent(t), "-out", t.TempDir(), "-fetch", "../../debian/fetch"})
	if err != nil {
		t.Fatal(err)
	}
	opts.cache = t.TempDir()
	if _, err := build(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	return opts.out
}

// agent builds a program that can stand in for the agent.
func agent(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent")
	if _, err := output(t.Context(), "env", "CGO_ENABLED=0", "GOARCH=amd64", "go", "build", "-trimpath", "-o", path, "firstlight/images/bootimage/boottest/testdata/init"); err != nil {
		t.Fatalf("build a program: %v", err)
	}
	return path
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
