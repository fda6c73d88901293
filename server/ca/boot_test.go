package ca

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var bootAddress = netip.MustParseAddr("10.80.12.1")

func opened(t *testing.T, dir string) *Boot {
	t.Helper()
	b, err := OpenBoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// walks checks a chain as iPXE does (x509_validate_chain): it looks for the
// first certificate whose fingerprint is the one that it was keyed with, and
// goes back from there to the leaf, each signed by the next.
func walks(t *testing.T, b *Boot, root [32]byte) bool {
	t.Helper()
	pair, err := b.TLS([]netip.Addr{bootAddress}).GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	var chain []*x509.Certificate
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, c)
	}
	for i, c := range chain {
		if sha256.Sum256(c.Raw) != root {
			continue
		}
		for ; i > 0; i-- {
			if err := chain[i-1].CheckSignatureFrom(chain[i]); err != nil {
				t.Fatal(err)
			}
		}
		return true
	}
	return false
}

func TestTheBootAuthorityOutlivesAStart(t *testing.T) {
	dir := t.TempDir()
	b := opened(t, dir)
	if again := opened(t, dir); again.Roots()[0] != b.Roots()[0] {
		t.Error("a second start has another root")
	}
	if !walks(t, b, b.Roots()[0]) {
		t.Error("the root is not in the chain that is sent")
	}
	info, err := os.Stat(filepath.Join(dir, BootFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v, %v; want 0600", info.Mode(), err)
	}
}

// Clocks with flat batteries begin at 2000 or later, and some run ahead.
func TestBootCertificatesHoldWhateverTheClockSays(t *testing.T) {
	b := opened(t, t.TempDir())
	leaf, err := b.leaf([]netip.Addr{bootAddress})
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(leaf.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(b.roots[0])
	for _, tt := range []struct {
		at    time.Time
		name  string
		holds bool
	}{
		{time.Date(2003, 1, 1, 0, 0, 0, 0, time.UTC), "10.80.12.1", true},
		{time.Date(2049, 6, 1, 0, 0, 0, 0, time.UTC), "10.80.12.1", true},
		{time.Date(1999, 6, 1, 0, 0, 0, 0, time.UTC), "10.80.12.1", false},
		{time.Date(2055, 6, 1, 0, 0, 0, 0, time.UTC), "10.80.12.1", false},
		{time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), "10.80.12.2", false},
	} {
		if _, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: tt.name, CurrentTime: tt.at}); (err == nil) != tt.holds {
			t.Errorf("at %s for %s: Verify() = %v, want that it holds: %v", tt.at, tt.name, err, tt.holds)
		}
	}
}

// Whoever runs a loader of before goes on until it is forgotten, and so does
// one that was keyed anew.
func TestARollOverLeavesNobodyBehind(t *testing.T) {
	dir := t.TempDir()
	first := opened(t, dir)
	for range 2 {
		if _, err := opened(t, dir).Roll(dir); err != nil {
			t.Fatal(err)
		}
	}
	last := opened(t, dir)
	roots := last.Roots()
	if len(roots) != 3 || roots[2] != first.Roots()[0] {
		t.Fatalf("%d roots, want three, the first one last", len(roots))
	}
	for _, root := range roots {
		if !walks(t, last, root) {
			t.Errorf("a loader keyed with %x finds no root of its own", root[:4])
		}
	}
	if _, err := last.Forget(dir); err != nil {
		t.Fatal(err)
	}
	only := opened(t, dir)
	if !walks(t, only, roots[0]) || walks(t, only, roots[1]) {
		t.Error("after the older roots were forgotten, others than the newest are trusted, or it is not")
	}
}

func TestABootAuthorityThatCannotBeUsed(t *testing.T) {
	if _, err := ReadBoot(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadBoot(nothing) = %v, want fs.ErrNotExist", err)
	}
	for _, tt := range []struct {
		name, text string
		mode       fs.FileMode
		says       string
	}{
		{"others can read it", "x", 0o644, "chmod 600"},
		{"no PEM", "x", 0o600, "restore it from a backup"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, BootFile), []byte(tt.text), tt.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenBoot(dir); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: OpenBoot() = %v, want %q", tt.name, err, tt.says)
		}
	}
	people := t.TempDir()
	if _, err := Open(people, time.Now); err != nil {
		t.Fatal(err)
	}
	var pem []byte
	for _, name := range []string{"ca.crt", "ca.key"} {
		b, err := os.ReadFile(filepath.Join(people, name))
		if err != nil {
			t.Fatal(err)
		}
		pem = append(pem, b...)
	}
	if err := os.WriteFile(filepath.Join(people, BootFile), pem, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBoot(people); err == nil || !strings.Contains(err.Error(), "not RSA") {
		t.Errorf("OpenBoot(the people's CA) = %v, want that it is not RSA", err)
	}
}
