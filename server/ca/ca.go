// Package ca has the appliance's own certificate authorities: one signs the
// certificate of the people's door (ca.go), one that of the machines', in the
// only way that boot loaders understand (boot.go). Beside them lies the key that
// signs certificates of erased disks (erase.go).
//
// A key stays in the state folder with mode 0600. It imports nothing of
// ours; the wiring is its importer.
package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	authorityLife = 20 * 365 * 24 * time.Hour
	leafLife      = 90 * 24 * time.Hour
	// backdate serves clients whose clock is behind.
	backdate = 24 * time.Hour
)

// Authority signs leaves.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	now  func() time.Time
}

// Open reads the authority of a folder, or makes it.
func Open(dir string, now func() time.Time) (*Authority, error) {
	keyPath, certPath := filepath.Join(dir, "ca.key"), CertFile(dir)
	keyPEM, err := os.ReadFile(keyPath)
	if errors.Is(err, fs.ErrNotExist) {
		return create(keyPath, certPath, now)
	}
	if err != nil {
		return nil, fmt.Errorf("read the CA's key: %w", err)
	}
	info, err := os.Stat(keyPath)
	if err != nil {
		return nil, fmt.Errorf("read the CA's key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the CA's key %s has mode %#o, others can read it: run chmod 600 %s, and remove it for a new CA if somebody did", keyPath, mode, keyPath)
	}
	certPEM, err := os.ReadFile(certPath)
	if err != nil {
		return nil, fmt.Errorf("read the CA's certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("read the CA in %s: %w", dir, err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the CA's key %s cannot sign", keyPath)
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	return &Authority{cert, signer, now}, err
}

// CertFile is where clients find the certificate to trust.
func CertFile(dir string) string { return filepath.Join(dir, "ca.crt") }

func create(keyPath, certPath string, now func() time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the CA's key: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Firstlight appliance CA"},
		NotBefore: now().Add(-backdate), NotAfter: now().Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	// The certificate first: a key without one would stop every later start.
	if err := write(certPath, 0o644, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		return nil, err
	}
	return &Authority{cert, key, now}, write(keyPath, 0o600, &pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// write makes a file whole or not at all: half a key would stop every later
// start.
func write(path string, mode fs.FileMode, blocks ...*pem.Block) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w; check the owner, mode and room of its folder", path, err)
		}
	}()
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		err = errors.Join(err, pem.Encode(f, b))
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return n
}

// Fingerprint is the SHA-256 of the authority's certificate in hex.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	return hex.EncodeToString(sum[:])
}

// TLS gives a configuration whose leaf, for names and addresses, is made anew
// when two thirds of its life are over.
func (a *Authority) TLS(names []string) *tls.Config {
	l := &leaves{authority: a, names: names}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: l.get, NextProtos: []string{"h2", "http/1.1"}}
}

type leaves struct {
	authority *Authority
	names     []string
	mu        sync.Mutex
	current   *tls.Certificate
}

func (l *leaves) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil && l.authority.now().Before(l.current.Leaf.NotAfter.Add(-leafLife/3)) {
		return l.current, nil
	}
	c, err := l.authority.leaf(l.names)
	if err != nil {
		return nil, err
	}
	l.current = c
	return c, nil
}

func (a *Authority) leaf(names []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Firstlight"},
		NotBefore: a.now().Add(-backdate), NotAfter: a.now().Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, n := range names {
		if ip, err := netip.ParseAddr(n); err == nil {
			t.IPAddresses = append(t.IPAddresses, ip.AsSlice())
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: parsed}, nil
}
