package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

const keySize = 32

// Key is the appliance's key, which seals the data keys. It prints as nothing.
type Key struct{ bytes [keySize]byte }

// Format covers every verb of package fmt.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[key]") }

// LogValue is what slog writes.
func (Key) LogValue() slog.Value { return slog.StringValue("[key]") }

// ID tells keys apart, in hex, and tells nothing else of them.
func (k *Key) ID() string {
	id := k.id()
	return hex.EncodeToString(id[:])
}

// id tells keys apart without telling anything of them.
func (k *Key) id() [keyIDSize]byte {
	sum := sha256.Sum256(append([]byte("firstlight key id"), k.bytes[:]...))
	return [keyIDSize]byte(sum[:keyIDSize])
}

// KeyFile reads the key, or makes one with mode 0600 where there is no file. A
// file that others could read is refused: its secret may be out.
func KeyFile(path string) (*Key, error) {
	key, err := ReadKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = NewKeyFile(path); errors.Is(err, fs.ErrExist) {
		return ReadKeyFile(path) // that of a twin that started with us
	}
	return key, err
}

// NewKeyFile makes a key where there is no file, with mode 0600; once it returns,
// the file outlives a power cut. fs.ErrExist tells that there is one.
func NewKeyFile(path string) (*Key, error) {
	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	return ReadKeyFile(path)
}

// ReadKeyFile reads a key; fs.ErrNotExist tells that there is no file.
func ReadKeyFile(path string) (*Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read key file %s: it is no regular file: give the path of a file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("read key file %s: its mode is %#o, others can read it: run chmod 600 %s, and replace the BMC passwords if others may have read it", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != keySize {
		return nil, fmt.Errorf("read key file %s: it holds no key of %d hex digits: restore it from the backup, or remove it and type the BMC passwords in again", path, 2*keySize)
	}
	return &Key{bytes: [keySize]byte(raw)}, nil
}

// makeKey writes the whole file beside its place and links it in, so that no
// crash leaves half a key and of two starters one wins.
func makeKey(path string) error {
	var raw [keySize]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // its other name stays
	_, err = fmt.Fprintf(f, "%x\n", raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the new name last over a power cut.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
