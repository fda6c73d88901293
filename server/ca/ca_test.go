package ca

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestALeafIsTrustedByTheAuthorityAndRenewed(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	a, err := Open(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, func() time.Time { return now })
	if err != nil || again.Fingerprint() != a.Fingerprint() {
		t.Fatalf("a second start has another authority: %v", err)
	}
	get := again.TLS([]string{"127.0.0.1", "appliance.example"}).GetCertificate
	first, err := get(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	for _, name := range []string{"127.0.0.1", "appliance.example"} {
		if _, err := first.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			t.Errorf("Verify(%s) = %v", name, err)
		}
	}
	now = now.Add(leafLife * 2 / 3)
	if later, _ := get(&tls.ClientHelloInfo{}); later == first {
		t.Error("the leaf was not renewed at two thirds of its life")
	}
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, time.Now); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "ca.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, time.Now); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("Open = %v, want a refusal with the remedy", err)
	}
}

func TestABeginningThatWasCutShortIsBegunAgain(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ca.crt", "ca.crt.new", "ca.key.new"} { // killed before the key had its name
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, err := Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, time.Now)
	if err != nil || again.Fingerprint() != a.Fingerprint() {
		t.Errorf("the second start: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestAnAuthorityThatCannotBeUsed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, dir string)
		says   string
	}{
		{"half a key", func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "ca.key"), "-----BEGIN") }, "read the CA in"},
		{"no certificate", func(t *testing.T, dir string) {
			if err := os.Remove(CertFile(dir)); err != nil {
				t.Fatal(err)
			}
		}, "read the CA's certificate"},
		{"the certificate of another", func(t *testing.T, dir string) {
			other := t.TempDir()
			if _, err := Open(other, time.Now); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(CertFile(other))
			if err != nil {
				t.Fatal(err)
			}
			overwrite(t, CertFile(dir), string(b))
		}, "private key does not match"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := Open(dir, time.Now); err != nil {
				t.Fatal(err)
			}
			tt.change(t, dir)
			if _, err := Open(dir, time.Now); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Open = %v, want …%s…", err, tt.says)
			}
		})
	}
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
