package virtualrack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOneRackPerRunFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	first, err := OpenRunDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRunDir(dir); err == nil || !strings.Contains(err.Error(), "a rack runs already in "+first.Path()) {
		t.Errorf("a second OpenRunDir = %v, want it refused", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := OpenRunDir(dir)
	if err != nil {
		t.Fatalf("OpenRunDir after Close = %v, want it free", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestARunFolderKeepsItsLogsOnly(t *testing.T) {
	dir := t.TempDir()
	write := func(names ...string) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	there := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	write("client.json", "state/serverdb.sqlite", "old.log") // of a rack that was killed
	d, err := OpenRunDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"client.json", "state", "old.log"} {
		if there(name) {
			t.Errorf("%s of the former rack is still there", name)
		}
	}
	write("client.json", "state/images/a.zst", "machines/VR0001/disk.raw", "machines/VR0001/console.log", "firstlight.log")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"client.json": false, "state": false, "machines/VR0001/disk.raw": false, "lock": false,
		"machines/VR0001/console.log": true, "firstlight.log": true,
	} {
		if there(name) != want {
			t.Errorf("%s is there: %v, want %v", name, !want, want)
		}
	}
}
