package ca

import (
	"crypto/rand"
	"crypto/rsa"
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

// The certificates of the boot door hold from before the clock of any machine
// whose CMOS battery is flat until the last year that UTCTime can say (RFC 5280
// §4.1.2.5). A shorter life of a leaf would protect nothing: its key lives in
// the memory of the host that has the root's.
var (
	bootFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	bootUntil = time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC)
)

// bootBits is a length of RSA that every iPXE checks in milliseconds. iPXE
// 1.21.1 knows no root but RSA.
const bootBits = 2048

// Boot is the authority of the boot door: loaders are keyed with the
// fingerprint of its root. It is not the people's, whose root browsers are
// asked to trust, and whose certificates do not hold for fifty years.
//
// After a roll-over there are several roots. Each was signed by the one before,
// and all are sent: whoever trusts one of them finds it in the chain.
type Boot struct {
	roots []*x509.Certificate // the newest first
	key   *rsa.PrivateKey     // of the newest
}

// BootFile is the one file of the boot authority in a state folder: key and
// roots change together or not at all.
const BootFile = "boot-ca.pem"

// OpenBoot reads the boot authority of a folder, or makes it.
func OpenBoot(dir string) (*Boot, error) {
	b, err := ReadBoot(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	return sign(dir, nil)
}

// ReadBoot reads the boot authority of a folder; fs.ErrNotExist where none was
// made.
func ReadBoot(dir string) (*Boot, error) {
	path := filepath.Join(dir, BootFile)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the boot CA: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the boot CA %s has mode %#o, others can read its key: run chmod 600 %s, and remove it for a new one if somebody did", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the boot CA: %w", err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("read the boot CA %s: %w; restore it from a backup made with --keys, or remove it for a new one", path, err)
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key of the boot CA %s is not RSA, which iPXE needs", path)
	}
	b := &Boot{key: key}
	for _, der := range pair.Certificate {
		root, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("read the boot CA %s: %w", path, err)
		}
		b.roots = append(b.roots, root)
	}
	return b, nil
}

// Roll makes a new root beside those that there are, signed by the newest.
func (b *Boot) Roll(dir string) (*Boot, error) { return sign(dir, b) }

// Forget leaves the newest root alone. Loaders that were keyed with another one
// boot no more.
func (b *Boot) Forget(dir string) (*Boot, error) {
	only := &Boot{b.roots[:1], b.key}
	return only, only.save(dir)
}

// sign makes a root, signed by that of b, or by itself where there is none.
func sign(dir string, b *Boot) (*Boot, error) {
	key, err := rsa.GenerateKey(rand.Reader, bootBits)
	if err != nil {
		return nil, fmt.Errorf("make the boot CA: %w", err)
	}
	n := serial()
	t := &x509.Certificate{
		// Names differ, for a chain is put together by names.
		SerialNumber: n, Subject: pkix.Name{CommonName: fmt.Sprintf("Firstlight boot CA %x", new(big.Int).Rsh(n, 95))},
		NotBefore: bootFrom, NotAfter: bootUntil, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	made := &Boot{key: key}
	parent, by := t, key
	if b != nil {
		parent, by = b.roots[0], b.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), by)
	if err != nil {
		return nil, fmt.Errorf("make the boot CA: %w", err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make the boot CA: %w", err)
	}
	made.roots = append(made.roots, root)
	if b != nil {
		made.roots = append(made.roots, b.roots...)
	}
	return made, made.save(dir)
}

func (b *Boot) save(dir string) error {
	der, err := x509.MarshalPKCS8PrivateKey(b.key)
	if err != nil {
		return err
	}
	blocks := []*pem.Block{{Type: "PRIVATE KEY", Bytes: der}}
	for _, r := range b.roots {
		blocks = append(blocks, &pem.Block{Type: "CERTIFICATE", Bytes: r.Raw})
	}
	return write(filepath.Join(dir, BootFile), 0o600, blocks...)
}

// Roots are the SHA-256 fingerprints of the roots, the newest first.
func (b *Boot) Roots() (all [][32]byte) {
	for _, r := range b.Infos() {
		all = append(all, r.Sum)
	}
	return all
}

// RootInfo is a root as people tell it from others.
type RootInfo struct {
	Name, SHA256, SignedBy string // the SHA-256 of its DER, in hex, and
	Sum                    [32]byte
}

// Infos are the roots, the newest first.
func (b *Boot) Infos() (all []RootInfo) {
	for _, r := range b.roots {
		sum := sha256.Sum256(r.Raw)
		all = append(all, RootInfo{r.Subject.CommonName, hex.EncodeToString(sum[:]), r.Issuer.CommonName, sum})
	}
	return all
}

// TLS gives a configuration for the boot door at these addresses, with a leaf
// of RSA: what iPXE 1.21.1 speaks is TLS 1.2, with ECDHE, RSA and AES.
func (b *Boot) TLS(addresses []netip.Addr) *tls.Config {
	leaf := sync.OnceValues(func() (*tls.Certificate, error) { return b.leaf(addresses) })
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return leaf() },
	}
}

func (b *Boot) leaf(addresses []netip.Addr) (*tls.Certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, bootBits)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Firstlight boot"}, NotBefore: bootFrom, NotAfter: bootUntil,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, a := range addresses {
		t.IPAddresses = append(t.IPAddresses, a.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, t, b.roots[0], key.Public(), b.key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	chain := [][]byte{der}
	for _, r := range b.roots {
		chain = append(chain, r.Raw)
	}
	return &tls.Certificate{Certificate: chain, PrivateKey: key}, nil
}
