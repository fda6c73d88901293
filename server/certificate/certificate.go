// Package certificate says that a disk was erased, so that whoever has the
// paper, and never saw the appliance, can tell that nobody changed it.
//
// It is pure. A certificate is a statement and an Ed25519 signature (RFC 8032)
// of its canonical JSON: the fields in the order of Statement, without white
// space. Spaces that a tool adds on the way therefore break nothing, and every
// change of a value does. The key that it names proves nothing by itself: verify
// with the one that the appliance gave you.
//
// It imports the words of the wire alone; jobs signs, the API and the command line verify.
package certificate

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"time"
)

// Version is that of Statement.
const Version = 1

// Statement is what a certificate states of one disk.
type Statement struct {
	Version   int       `json:"version"`
	ID        string    `json:"id"` // of the job, and which of its certificates
	Appliance string    `json:"appliance"`
	Machine   Machine   `json:"machine"`
	Disk      Disk      `json:"disk"`
	Method    string    `json:"method"`   // as the agent names it
	Category  string    `json:"category"` // of NIST SP 800-88: clear or purge
	Tried     []string  `json:"tried"`    // in vain, before
	Read      uint64    `json:"bytes_read_back"`
	Whole     bool      `json:"read_back_whole"`
	Fill      string    `json:"read_back_as"` // 00, ff or random
	Began     time.Time `json:"began_at"`
	Ended     time.Time `json:"ended_at"`
	Seconds   float64   `json:"seconds"`
	Job       string    `json:"job"`
	Requester string    `json:"requester"` // for whom
	User      string    `json:"user"`      // who typed the machine's name
	Agent     string    `json:"agent"`     // its version
}

// Machine is that in which the disk was.
type Machine struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Serial  string `json:"serial"`
	UUID    string `json:"uuid"`
	Vendor  string `json:"vendor"`
	Product string `json:"product"`
}

// Disk is the disk, by what is written on it.
type Disk struct {
	Serial    string `json:"serial"`
	WWN       string `json:"wwn"`
	Model     string `json:"model"`
	Bytes     uint64 `json:"bytes"`
	Transport string `json:"transport"`
}

// Certificate is a signed statement.
type Certificate struct {
	Statement Statement `json:"statement"`
	Key       string    `json:"key"`       // id of the public key
	Signature []byte    `json:"signature"` // of the canonical JSON of Statement
}

// Sign makes the certificate of a statement.
func Sign(s Statement, key crypto.Signer) (*Certificate, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("sign certificate %s: the key is no Ed25519 key", s.ID)
	}
	s.Version, s.Began, s.Ended = Version, s.Began.UTC(), s.Ended.UTC()
	text, err := canonical(s)
	if err != nil {
		return nil, err
	}
	signature, err := key.Sign(nil, text, crypto.Hash(0)) // Ed25519 needs no chance
	if err != nil {
		return nil, fmt.Errorf("sign certificate %s: %w", s.ID, err)
	}
	return &Certificate{s, KeyID(public), signature}, nil
}

func canonical(s Statement) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Errors of a certificate that proves nothing.
var (
	ErrForged = errors.New("the signature does not fit: the certificate was changed, or this key never signed it")
	ErrKey    = errors.New("it was signed with another key")
)

// Verify tells whether an appliance stated what c says.
func (c *Certificate) Verify(key ed25519.PublicKey) error {
	if c.Statement.Version != Version {
		return fmt.Errorf("certificate %s: version is %d, want %d", c.Statement.ID, c.Statement.Version, Version)
	}
	text, err := canonical(c.Statement)
	switch {
	case err != nil:
		return err
	case c.Key != KeyID(key):
		return fmt.Errorf("certificate %s: %w, %s; this one is %s", c.Statement.ID, ErrKey, c.Key, KeyID(key))
	case !ed25519.Verify(key, text, c.Signature):
		return fmt.Errorf("certificate %s: %w", c.Statement.ID, ErrForged)
	}
	return nil
}

// KeyID names a public key: the first half of the SHA-256 of its bytes.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}

// maxFile bounds what is read: a machine has no thousands of disks.
const maxFile = 16 << 20

// Read reads certificates, one or a list. Whatever a certificate does not have
// is refused: what is not signed must not be shown beside what is.
func Read(r io.Reader) (all []*Certificate, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		err = d.Decode(&all)
	} else {
		one := &Certificate{}
		err, all = d.Decode(one), []*Certificate{one}
	}
	if err == nil {
		if _, after := d.Token(); !errors.Is(after, io.EOF) {
			err = errors.New("something follows the certificates")
		}
	}
	for _, c := range all {
		if c == nil && err == nil {
			err = errors.New("there is none")
		}
	}
	if err == nil && len(all) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	return all, nil
}

// EncodeKey gives a public key as people keep it.
func EncodeKey(key ed25519.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// ReadKey reads what EncodeKey gives.
func ReadKey(text []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("no PUBLIC KEY in PEM: want what firstlight certificate key prints")
	}
	any, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	key, ok := any.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("no Ed25519 key: want what firstlight certificate key prints")
	}
	return key, nil
}
