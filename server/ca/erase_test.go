package ca

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheKeyOfEraseCertificatesIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	first, err := OpenErase(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenErase(dir)
	if err != nil || !again.Equal(first) {
		t.Errorf("OpenErase() again = %v, want the same key", err)
	}
	info, err := os.Stat(filepath.Join(dir, EraseFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want it for its owner alone", info.Mode(), err)
	}
}

func TestAKeyOfEraseCertificatesThatOthersReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenErase(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, EraseFile)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenErase(dir); err == nil {
		t.Error("OpenErase() of a key that others can read: want it refused")
	}
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenErase(dir); err == nil {
		t.Error("OpenErase() of half a key: want it refused, never made anew")
	}
}
