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
