package light

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"firstlight/agent/gpt"
	"firstlight/agent/signature"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// Against a plain slice: whatever is written in whatever order reads back.
func TestDiskKeepsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const size = 5 * chunk
		d, want := NewDisk(size), make([]byte, size)
		written := int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "writes") {
			off := rapid.Int64Range(0, size-1).Draw(t, "off")
			n := rapid.Int64Range(0, size-off).Draw(t, "n")
			written += n
			if rapid.Bool().Draw(t, "zero") {
				clear(want[off : off+n])
				if err := d.Zero(off, n); err != nil {
					t.Fatal(err)
				}
				continue
			}
			b := bytes.Repeat([]byte{rapid.Byte().Draw(t, "b")}, int(n))
			copy(want[off:], b)
			if _, err := d.WriteAt(b, off); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]byte, size)
		if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("ReadAt differs from what was written (%v)", err)
		}
		if d.Written() != written {
			t.Fatalf("Written() = %d, want %d", d.Written(), written)
		}
		fresh := NewDisk(size)
		if _, err := fresh.WriteAt(want, 0); err != nil || fresh.Sum() != d.Sum() {
			t.Fatalf("Sum() differs for the same contents (%v)", err)
		}
	})
}

func TestDiskHasAnEnd(t *testing.T) {
	d := NewDisk(1000)
	if _, err := d.WriteAt(make([]byte, 2), 999); err == nil {
		t.Error("WriteAt over the end succeeds, want an error")
	}
	if err := d.Zero(999, 2); err == nil {
		t.Error("Zero over the end succeeds, want an error")
	}
	if n, err := d.ReadAt(make([]byte, 2), 999); n != 1 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt over the end = %d, %v, want 1, EOF", n, err)
	}
}

func TestTheImageIsLaidOutAsInstallersWant(t *testing.T) {
	dir := t.TempDir()
	if err := WriteImage(dir); err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(filepath.Join(dir, ImageName+".raw.zst"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	raw, err := z.DecodeAll(packed, nil)
	if err != nil || len(raw) != imageBytes {
		t.Fatalf("the image unpacks to %d bytes, %v; want %d", len(raw), err, imageBytes)
	}
	table, err := gpt.Read(bytes.NewReader(raw), imageBytes)
	if err != nil || len(table.Parts) != 2 || table.Parts[0].Name != seedName {
		t.Fatalf("gpt.Read = %+v, %v; want the seed's partition and one more", table, err)
	}
	if found := signature.Find(bytes.NewReader(raw), imageBytes, "vda"); len(found) == 0 {
		t.Error("signature.Find sees nothing on the image, want it to: an installed disk must not pass for blank")
	}
}

func TestABlankDiskHasNoSystem(t *testing.T) {
	if s, err := NewDisk(lightEnough).findSystem(); !errors.Is(err, errNoSystem) {
		t.Errorf("findSystem of a blank disk = %+v, %v; want errNoSystem", s, err)
	}
}

const lightEnough = 8 << 20
