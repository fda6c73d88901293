package redfish

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
)

// CertificateChangedError says that a BMC showed another certificate than the
// pinned one: a new certificate, a swapped board, or somebody in between. It
// never heals by itself; a person compares and pins again.
type CertificateChangedError struct {
	Pinned, Shown string // SHA-256 in hex
}

func (e *CertificateChangedError) Error() string {
	return fmt.Sprintf("the certificate has changed: pinned is SHA-256 %s, shown is %s: "+
		"if the board or its certificate was replaced, accept the new one; otherwise somebody stands in between", e.Pinned, e.Shown)
}

// pinner holds a connection to the pinned certificate. Without a pin the first
// certificate becomes the pin of this controller, so that the password, sent
// after that first contact, always goes to one and the same peer.
type pinner struct {
	mu  sync.Mutex
	pin string
}

func newPinner(pin string) *pinner { return &pinner{pin: pin} }

// tlsConfig verifies by pin instead of by name: BMCs sign their certificates
// themselves, for names like "idrac-SVCTAG" that nobody dials.
func (p *pinner) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection below compares the certificate with the pin
		VerifyConnection:   p.verify,
	}
}

func (p *pinner) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the BMC shows no certificate")
	}
	sum := sha256.Sum256(state.PeerCertificates[0].Raw)
	shown := hex.EncodeToString(sum[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pin == "" {
		p.pin = shown
	}
	if p.pin != shown {
		return &CertificateChangedError{Pinned: p.pin, Shown: shown}
	}
	return nil
}

func (p *pinner) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pin
}
