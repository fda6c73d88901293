package initramfs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"

	"github.com/u-root/u-root/pkg/cpio"
)

// archive collects the entries of one cpio archive by path.
type archive map[string]cpio.Record

// add puts a record and the folders above it into the archive: the kernel makes
// no folders by itself and drops, in silence, files whose folder is not there.
func (a archive) add(record cpio.Record) {
	a[record.Name] = record
	for dir := path.Dir(record.Name); dir != "."; dir = path.Dir(dir) {
		if _, ok := a[dir]; !ok {
			a[dir] = cpio.Directory(dir, 0o755)
		}
	}
}

func (a archive) file(name string, content []byte, mode uint64) {
	a.add(cpio.StaticFile(name, string(content), mode))
}

// writeTo writes the archive in the newc format, compressed, and answers its
// unpacked size. Equal entries give equal bytes: sorted, which also puts folders
// before their contents, without times or owners, and numbered in order.
func (a archive) writeTo(ctx context.Context, w io.Writer) (int64, error) {
	var plain bytes.Buffer
	records := cpio.Newc.Writer(&plain)
	for i, name := range slices.Sorted(maps.Keys(a)) {
		record := cpio.MakeReproducible(a[name])
		record.Ino = uint64(i + 1)
		record.NLink = 1
		if err := records.WriteRecord(record); err != nil {
			return 0, fmt.Errorf("write archive: %s: %w", name, err)
		}
	}
	if err := cpio.WriteTrailer(records); err != nil {
		return 0, fmt.Errorf("write archive: %w", err)
	}
	if err := compress(ctx, w, plain.Bytes()); err != nil {
		return 0, fmt.Errorf("write archive: %w", err)
	}
	return int64(plain.Len()), nil
}
