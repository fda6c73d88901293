package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Writer writes a backup: the rows of one table after those of another, in the
// order of the head, then files, then Close.
type Writer struct {
	head     Head
	zip      *zstd.Encoder
	tar      *tar.Writer
	manifest Manifest

	table int // of head.Tables
	part  bytes.Buffer
	parts int
	tally tally
}

// NewWriter begins a backup; the format is the newest one.
func NewWriter(w io.Writer, h Head) (*Writer, error) {
	h.Format, h.At = Format, h.At.UTC()
	// One at a time: a backup must leave the other cores to machines that boot.
	zip, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("write backup: %w", err)
	}
	b := &Writer{head: h, zip: zip, tar: tar.NewWriter(zip), tally: newTally()}
	return b, b.entryOf(headName, h)
}

func newTally() tally { return tally{hash: sha256.New()} }

// Row writes one row, a JSON array without a newline.
func (b *Writer) Row(table string, row []byte) error {
	for b.table < len(b.head.Tables) && b.head.Tables[b.table].Name != table {
		if err := b.next(); err != nil {
			return err
		}
	}
	if b.table == len(b.head.Tables) {
		return fmt.Errorf("write backup: a row of table %s, which the head has not, or whose turn is over", table)
	}
	b.part.Write(row)
	b.part.WriteByte('\n')
	b.tally.rows++
	if b.part.Len() < partSize {
		return nil
	}
	return b.flush()
}

// flush writes the rows that were gathered.
func (b *Writer) flush() error {
	if b.part.Len() == 0 {
		return nil
	}
	b.tally.hash.Write(b.part.Bytes())
	err := b.entry(partName(b.head.Tables[b.table].Name, b.parts), b.part.Bytes())
	b.part.Reset()
	b.parts++
	return err
}

// next ends a table.
func (b *Writer) next() error {
	err := b.flush()
	b.manifest.Tables = append(b.manifest.Tables, b.tally.sum(b.head.Tables[b.table].Name))
	b.table, b.parts, b.tally = b.table+1, 0, newTally()
	return err
}

// File writes a file of the state folder, or, where held is false, only what it
// is recognised by.
func (b *Writer) File(name string, content []byte, held bool) error {
	for b.table < len(b.head.Tables) {
		if err := b.next(); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(content)
	b.manifest.Files = append(b.manifest.Files, File{Name: name, Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Held: held})
	if !held {
		return nil
	}
	return b.entry(filesFolder+name, content)
}

// Close writes the manifest and ends the backup. It leaves the writer below open.
func (b *Writer) Close() error {
	for b.table < len(b.head.Tables) {
		if err := b.next(); err != nil {
			return err
		}
	}
	return errors.Join(b.entryOf(manifestName, b.manifest), b.tar.Close(), b.zip.Close())
}

func (b *Writer) entryOf(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return b.entry(name, append(text, '\n'))
}

func (b *Writer) entry(name string, content []byte) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: b.head.At.Truncate(time.Second), Format: tar.FormatPAX}
	if err := b.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("write backup: %s: %w", name, err)
	}
	if _, err := b.tar.Write(content); err != nil {
		return fmt.Errorf("write backup: %s: %w", name, err)
	}
	return nil
}
