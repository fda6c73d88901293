package light

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/diskfs/go-diskfs/backend"
)

// section is a part of a disk, such as a partition, in the shape that
// go-diskfs asks for.
type section struct {
	*io.SectionReader
	disk  *Disk
	start int64
}

func (d *Disk) section(start, size int64) section {
	return section{SectionReader: io.NewSectionReader(d, start, size), disk: d, start: start}
}

// WriteAt implements backend.WritableFile, within the section.
func (s section) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > s.Size() {
		return 0, fmt.Errorf("write of %d bytes at %d leaves the partition", len(p), off)
	}
	return s.disk.WriteAt(p, s.start+off)
}

func (s section) Writable() (backend.WritableFile, error) { return s, nil }
func (s section) Sys() (*os.File, error)                  { return nil, backend.ErrNotSuitable }
func (s section) Path() string                            { return "" }
func (s section) Close() error                            { return nil }
func (s section) Stat() (fs.FileInfo, error)              { return nil, fs.ErrInvalid }
