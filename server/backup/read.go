package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Sink takes what a backup holds. Until Read returned nil, it may be wrong.
type Sink interface {
	// Begin comes first.
	Begin(Head) error
	// Row takes a row, whose bytes are the reader's again after it returned.
	Row(table Table, row []byte) error
	// File takes a file of the state folder.
	File(name string, content []byte) error
}

// Nothing is a sink for whoever only wants to know whether a backup is whole.
type Nothing struct{}

// Begin takes the head.
func (Nothing) Begin(Head) error { return nil }

// Row takes a row.
func (Nothing) Row(Table, []byte) error { return nil }

// File takes a file.
func (Nothing) File(string, []byte) error { return nil }

// Read gives a backup out and holds it against its manifest. An error is an
// ErrDamaged, an ErrNewer or the sink's own.
func Read(r io.Reader, into Sink) (*Head, *Manifest, error) {
	zip, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return nil, nil, damaged("%v", err)
	}
	defer zip.Close()
	b := &reader{tar: tar.NewReader(zip), sink: into, tally: newTally()}
	if err := b.read(); err != nil {
		return nil, nil, err
	}
	// What comes after the archive's end is not of it; its checksum is.
	if n, err := io.Copy(io.Discard, zip); err != nil || n > maxFile {
		return nil, nil, damaged("something comes after its end")
	}
	return &b.head, &b.manifest, nil
}

type reader struct {
	tar      *tar.Reader
	sink     Sink
	head     Head
	manifest Manifest

	table int // of head.Tables
	parts int
	tally tally
	sums  []Sum
	files []File
}

func (b *reader) read() error {
	h, err := b.tar.Next()
	if err != nil || h.Name != headName {
		return damaged("it does not begin as a backup of Firstlight does")
	}
	if err := b.decode(&b.head); err != nil {
		return err
	}
	if b.head.Format > Format {
		return fmt.Errorf("%w: it has format %d, this Firstlight reads %d; install the newer version, or take an older backup", ErrNewer, b.head.Format, Format)
	}
	if err := b.sink.Begin(b.head); err != nil {
		return err
	}
	for {
		h, err := b.tar.Next()
		if err != nil {
			return damaged("it is cut short")
		}
		if h.Name == manifestName {
			break
		}
		if err := b.entry(h.Name); err != nil {
			return err
		}
	}
	if err := b.decode(&b.manifest); err != nil {
		return err
	}
	if _, err := b.tar.Next(); !errors.Is(err, io.EOF) {
		return damaged("its manifest is not its end")
	}
	return b.agrees()
}

func (b *reader) decode(v any) error {
	text, err := io.ReadAll(io.LimitReader(b.tar, maxFile))
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return damaged("what it says of itself cannot be read (%v)", err)
	}
	return nil
}

func (b *reader) entry(name string) error {
	if file, ok := strings.CutPrefix(name, filesFolder); ok {
		return b.file(file)
	}
	table, _, _ := strings.Cut(strings.TrimPrefix(name, tablesFolder), "/")
	for b.table < len(b.head.Tables) && b.head.Tables[b.table].Name != table {
		b.next()
	}
	if b.table == len(b.head.Tables) || name != partName(table, b.parts) {
		return damaged("it holds %q where that should not be", name)
	}
	b.parts++
	return b.rows()
}

// next ends a table.
func (b *reader) next() {
	b.sums = append(b.sums, b.tally.sum(b.head.Tables[b.table].Name))
	b.table, b.parts, b.tally = b.table+1, 0, newTally()
}

// rows reads one part.
func (b *reader) rows() error {
	lines := bufio.NewScanner(b.tar)
	lines.Buffer(make([]byte, 0, 64<<10), maxRow)
	lines.Split(whole)
	for lines.Scan() {
		b.tally.rows++
		b.tally.hash.Write(lines.Bytes())
		if err := b.sink.Row(b.head.Tables[b.table], bytes.TrimSuffix(lines.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return damaged("table %s, after row %d: %v", b.head.Tables[b.table].Name, b.tally.rows, err)
	}
	return nil
}

// whole splits after newlines and keeps them: each row has one.
func whole(data []byte, end bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if end && len(data) > 0 {
		return 0, nil, errors.New("its last row has no end")
	}
	return 0, nil, nil
}

func (b *reader) file(name string) error {
	content, err := io.ReadAll(io.LimitReader(b.tar, maxFile))
	if err != nil {
		return damaged("file %q: %v", name, err)
	}
	sum := sha256.Sum256(content)
	b.files = append(b.files, File{Name: name, Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Held: true})
	return b.sink.File(name, content)
}

// agrees holds what was read against the manifest.
func (b *reader) agrees() error {
	for b.table < len(b.head.Tables) {
		b.next()
	}
	if len(b.sums) != len(b.manifest.Tables) {
		return damaged("it has %d tables, its manifest %d", len(b.sums), len(b.manifest.Tables))
	}
	for i, want := range b.manifest.Tables {
		if got := b.sums[i]; got != want {
			return damaged("table %s has %d rows with SHA-256 %.12s…, its manifest says table %s, %d rows, %.12s…",
				got.Name, got.Rows, got.SHA256, want.Name, want.Rows, want.SHA256)
		}
	}
	held := slices.DeleteFunc(slices.Clone(b.manifest.Files), func(f File) bool { return !f.Held })
	if !slices.Equal(held, b.files) {
		return damaged("its files are not those of its manifest")
	}
	return nil
}
