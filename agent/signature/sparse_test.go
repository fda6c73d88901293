package signature_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// A kept disk is the text of its size and of those sectors that Find read and
// that are not all zeros, compressed. All else reads as zeros.
type sparse struct {
	size    int64
	sectors map[int64][]byte
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		at := off + int64(i)
		if at >= s.size {
			return i, io.EOF
		}
		p[i] = 0
		if sector := s.sectors[at/512]; sector != nil {
			p[i] = sector[at%512]
		}
	}
	return len(p), nil
}

// recorder keeps the sectors that are read through it.
type recorder struct {
	r       io.ReaderAt
	sectors map[int64][]byte
}

func (r *recorder) ReadAt(p []byte, off int64) (int, error) {
	for at := off / 512; at*512 < off+int64(len(p)); at++ {
		sector := make([]byte, 512)
		if n, _ := r.r.ReadAt(sector, at*512); n > 0 && !bytes.Equal(sector, make([]byte, 512)) {
			r.sectors[at] = sector
		}
	}
	return r.r.ReadAt(p, off)
}

func sparsePath(name string) string {
	return "testdata/" + strings.ReplaceAll(name, " ", "-") + ".sparse.gz"
}

func writeSparse(t *testing.T, path string, sectors map[int64][]byte, size int64) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprintf(z, "size %d\n", size)
	for _, at := range slices.Sorted(maps.Keys(sectors)) {
		fmt.Fprintf(z, "%d %x\n", at, bytes.TrimRight(sectors[at], "\x00"))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readSparse(t *testing.T, path string) *sparse {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := &sparse{sectors: map[int64][]byte{}}
	lines := bufio.NewScanner(z)
	lines.Scan()
	if _, err := fmt.Sscanf(lines.Text(), "size %d", &s.size); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		var at int64
		var text string
		if _, err := fmt.Sscanf(lines.Text(), "%d %s", &at, &text); err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		s.sectors[at] = append(b, make([]byte, 512-len(b))...)
	}
	return s
}
