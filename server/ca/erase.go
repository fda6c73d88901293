package ca

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// EraseFile is the key of a state folder that signs certificates of erased disks.
const EraseFile = "erase-certificates.key"

// OpenErase reads the key of a folder that signs certificates of erased disks, or
// makes it.
func OpenErase(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, EraseFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeErase(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of erase certificates: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key of erase certificates: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the key of erase certificates %s has mode %#o, others can read it: run chmod 600 %s, and move it away for a new one if somebody did", path, mode, path)
	}
	key, err := readErase(text)
	if err != nil {
		return nil, fmt.Errorf("the key of erase certificates %s: %w", path, err)
	}
	return key, nil
}

func readErase(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM: restore it from a backup made with --keys")
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := any.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("no Ed25519 key: restore it from a backup made with --keys")
	}
	return key, nil
}

func makeErase(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of erase certificates: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(crypto.PrivateKey(key))
	if err != nil {
		return nil, err
	}
	return key, write(path, 0o600, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
