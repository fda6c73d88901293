package backup

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

var head = Head{
	Schema: 3, At: time.Date(2026, 11, 23, 9, 8, 7, 0, time.UTC), Appliance: "lon6", Version: "1",
	Tables: []Table{{"meta", []Column{{"key", Text}, {"value", Text}}}, {"empty", []Column{{"id", Integer}}}, {"audit", []Column{{"id", Integer}}}},
}

// kept remembers what it was given.
type kept struct{ all []string }

func (k *kept) Begin(h Head) error { k.all = append(k.all, "head "+h.Appliance); return nil }
func (k *kept) Row(t Table, row []byte) error {
	k.all = append(k.all, t.Name+" "+string(row))
	return nil
}

func (k *kept) File(name string, content []byte) error {
	k.all = append(k.all, "file "+name+" "+string(content))
	return nil
}

func sample(t testing.TB, rows int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, head)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{w.Row("meta", []byte(`["a","b"]`)), many(w, rows), w.File("ca.crt", []byte("cert"), true), w.File("ca.key", []byte("secret"), false), w.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func many(w *Writer, rows int) error {
	for i := range rows {
		if err := w.Row("audit", fmt.Appendf(nil, "[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	var k kept
	h, m, err := Read(bytes.NewReader(sample(t, 2)), &k)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"head lon6", `meta ["a","b"]`, "audit [0]", "audit [1]", "file ca.crt cert"}
	if !slices.Equal(k.all, want) {
		t.Errorf("read %q, want %q", k.all, want)
	}
	if h.Format != Format || !h.At.Equal(head.At) || m.Rows() != 3 || m.RowsOf("audit") != 2 || m.RowsOf("empty") != 0 {
		t.Errorf("head %+v, manifest %+v", h, m)
	}
	if len(m.Files) != 2 || m.Files[1].Held || m.Files[1].SHA256 == "" {
		t.Errorf("files %+v, want ca.key by its hash alone", m.Files)
	}
}

// A table of several parts is read as one.
func TestATableOfManyParts(t *testing.T) {
	const rows = 400_000 // some three parts
	b := sample(t, rows)
	_, m, err := Read(bytes.NewReader(b), Nothing{})
	if err != nil || m.RowsOf("audit") != rows {
		t.Fatalf("Read() = %+v, %v", m, err)
	}
	if plain := unpacked(t, b); !bytes.Contains(plain, []byte("tables/audit/00002.jsonl")) {
		t.Error("the table has fewer than three parts: the test proves little")
	}
}

// Whatever is cut off or turned over, nothing is taken for whole.
func TestADamagedBackupIsRefused(t *testing.T) {
	b := sample(t, 50)
	for n := range b {
		if _, _, err := Read(bytes.NewReader(b[:n]), Nothing{}); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut to %d of %d bytes: Read() = %v, want ErrDamaged", n, len(b), err)
		}
		altered := slices.Clone(b)
		altered[n] ^= 0x40
		if _, m, err := Read(bytes.NewReader(altered), Nothing{}); err == nil && m.Rows() != 51 {
			t.Fatalf("byte %d turned over: it was read as %+v", n, m)
		}
	}
}

// An archive that was unpacked, edited and packed again has the right checksums
// of zstd and tar; its hashes tell.
func TestAnAlteredRowIsRefused(t *testing.T) {
	plain := unpacked(t, sample(t, 50))
	for _, tt := range []struct{ from, to, says string }{
		{"[7]\n", "[8]\n", "table audit has 50 rows"},
		{`["a","b"]`, `["a","c"]`, "table meta has 1 rows"},
		{"cert", "Cert", "its files are not those of its manifest"},
		{"audit/00000", "audit/00001", `it holds "tables/audit/00001.jsonl" where that should not be`},
		{`"rows": 50`, `"rows": 51`, "its manifest says table audit, 51 rows"},
		{`"format": 1`, `"format": 9`, "the backup was written by a newer version: it has format 9, this Firstlight reads 1; install the newer version"},
	} {
		altered := bytes.Replace(plain, []byte(tt.from), []byte(tt.to), 1)
		if strings.HasPrefix(tt.from, "audit/") {
			altered = plainHeader(altered)
		}
		_, _, err := Read(bytes.NewReader(packed(t, altered)), Nothing{})
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s → %s: Read() = %v, want it to say %q", tt.from, tt.to, err, tt.says)
		}
	}
}

// plainHeader corrects the checksum of the header that was altered.
func plainHeader(b []byte) []byte {
	at := bytes.Index(b, []byte("tables/audit/")) / 512 * 512
	h := b[at : at+512]
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func TestWhatIsNoBackup(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("hello"), packed(t, []byte("hello")), packed(t, make([]byte, 2048))} {
		if _, _, err := Read(bytes.NewReader(b), Nothing{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "take another one") {
			t.Errorf("Read(%q) = %v, want ErrDamaged with its remedy", b, err)
		}
	}
}

// FuzzRead: whatever comes, it ends in order, and what is read as whole agrees
// with its manifest.
func FuzzRead(f *testing.F) {
	f.Add(unpacked(f, sample(f, 5)))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if h, m, err := Read(bytes.NewReader(packed(t, plain)), Nothing{}); err == nil && len(h.Tables) != len(m.Tables) {
			t.Errorf("%d tables, manifest %d", len(h.Tables), len(m.Tables))
		}
	})
}

func unpacked(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	plain, err := z.DecodeAll(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func packed(t testing.TB, plain []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(plain, nil)
}
