package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

// Bounds of what is unpacked.
const (
	maxFiles = 32
	maxBytes = 64 << 20 // of one file
)

// Is tells whether bytes begin as a zip does.
func Is(start []byte) bool { return bytes.HasPrefix(start, []byte("PK\x03\x04")) }

// Read reads a bundle of so many bytes and holds it against its manifest. Its
// errors say which file is wrong, and how.
func Read(r io.ReaderAt, size int64) (*Bundle, error) {
	z, err := zip.NewReader(r, size)
	switch {
	case errors.Is(err, zip.ErrFormat):
		return nil, fmt.Errorf("its %d bytes begin as a zip does and do not end as one: it is cut short: fetch it again: %w", size, err)
	case err != nil:
		return nil, fmt.Errorf("read the bundle: %w: want a file that firstlight boot bundle wrote", err)
	}
	if len(z.File) > maxFiles {
		return nil, fmt.Errorf("read the bundle: it has %d files, want at most %d", len(z.File), maxFiles)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		if files[f.Name], err = unpack(f); err != nil {
			return nil, fmt.Errorf("read %q of the bundle: %w", f.Name, err)
		}
	}
	if err := held(files); err != nil {
		return nil, err
	}
	return parse(files)
}

func unpack(f *zip.File) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = fmt.Errorf("it has more than %d bytes", maxBytes)
	}
	return text, err
}

// held compares files with the manifest, which names each of them.
func held(files map[string][]byte) error {
	var manifest []File
	if err := json.Unmarshal(files[manifestFile], &manifest); err != nil {
		return fmt.Errorf("read the manifest of the bundle: %w: the file is cut short, or is no bundle", err)
	}
	named := map[string]bool{manifestFile: true}
	for _, m := range manifest {
		text, ok := files[m.Name]
		sum := sha256.Sum256(text)
		if !ok || hex.EncodeToString(sum[:]) != m.SHA256 {
			return fmt.Errorf("%q of the bundle is not what its manifest says: it was changed", m.Name)
		}
		named[m.Name] = true
	}
	for name := range files {
		if !named[name] {
			return fmt.Errorf("%q of the bundle is not in its manifest: it was added", name)
		}
	}
	return nil
}

func parse(files map[string][]byte) (*Bundle, error) {
	b := &Bundle{Boot: files[bootFile]}
	if err := into(files, headFile, &b.Head); err != nil {
		return nil, err
	}
	if b.Format != Format {
		return nil, fmt.Errorf("the bundle has format %d, this program reads %d: take a program of version %.32q", b.Format, Format, b.Version)
	}
	if _, known := files[machineFile]; known {
		b.Machine = &machine.Machine{}
	}
	for name, v := range map[string]any{
		machineFile: b.Machine, historyFile: &b.History, timelineFile: &b.Events, decisionsFile: &b.Decisions,
		subnetsFile: &b.Subnets, optionsFile: &b.Options, rulesFile: &b.Rules,
	} {
		if name == machineFile && b.Machine == nil {
			continue
		}
		if err := into(files, name, v); err != nil {
			return nil, err
		}
	}
	var err error
	if b.Captured, err = frame.ReadPCAP(bytes.NewReader(files[packetsFile])); err != nil && len(files[packetsFile]) > 0 {
		return nil, fmt.Errorf("read %s of the bundle: %w", packetsFile, err)
	}
	return b, nil
}

func into(files map[string][]byte, name string, v any) error {
	text, ok := files[name]
	if !ok {
		return errors.New(name + " is missing in the bundle")
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s of the bundle: %w", name, err)
	}
	return nil
}
