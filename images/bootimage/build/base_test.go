package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Two trees that are worked on in turns find what each of them made.
func TestACacheKeepsTheHalvesThatWereUsedLast(t *testing.T) {
	cache := t.TempDir()
	for name, age := range map[string]time.Duration{
		"amd64/a": time.Minute, "amd64/b": 2 * time.Minute, "amd64/c": time.Hour, "amd64/d": 48 * time.Hour, "amd64/e": 72 * time.Hour,
		"arm64/f": 96 * time.Hour, "making-1": time.Hour, "making-2": 3 * time.Hour,
	} {
		dir := filepath.Join(cache, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if err := tidy(cache, "amd64"); err != nil {
		t.Fatal(err)
	}
	got, err := filepath.Glob(filepath.Join(cache, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, dir := range got {
		got[i], _ = filepath.Rel(cache, dir)
	}
	if diff := cmp.Diff([]string{"amd64/a", "amd64/b", "amd64/c", "amd64/d", "arm64/f"}, got); diff != "" {
		t.Errorf("halves that are left (-want +got):\n%s", diff)
	}
	if made, err := filepath.Glob(filepath.Join(cache, making+"*")); err != nil || len(made) != 1 {
		t.Errorf("builds that are left: %v, %v; want the one of an hour ago", made, err)
	}
}
