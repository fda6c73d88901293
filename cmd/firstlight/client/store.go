package client

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// SaveCA keeps the certificate of a CA in the user's folder.
func SaveCA(dir string, ca *x509.Certificate) (path string, err error) {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})
	return save(dir, "ca.crt", text)
}

// SaveToken keeps a token in the user's folder.
func SaveToken(dir, token string) (path string, err error) {
	return save(dir, "token", []byte(token+"\n"))
}

// SavePlace makes an appliance the one that is asked from now on.
func SavePlace(dir string, p Place) (path string, err error) {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return "", err
	}
	return save(dir, "client.json", append(text, '\n'))
}

// save replaces a file at once, so that nobody reads half of it. All of the
// folder is the user's alone.
func save(dir, name string, text []byte) (string, error) {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make %s: %w", dir, err)
	}
	f, err := os.CreateTemp(dir, "."+name+"-*") // with mode 0600
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it was renamed, or is one too many
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}
