package install

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"firstlight/agent/gpt"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem"
	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat16"
	"github.com/diskfs/go-diskfs/filesystem/fat32"
)

// seedPartition is the name, in the partition table, of the partition that
// images keep for the seed. The installed system finds it by the same name.
const seedPartition = "CIDATA"

// writeSeed writes the NoCloud files into the image's partition for them.
func writeSeed(d Disk, t *gpt.Table, files map[string]string) error {
	for _, p := range t.Parts {
		if p.Name != seedPartition {
			continue
		}
		fat, err := openFAT(d, p)
		if err != nil {
			return fmt.Errorf("open partition %d (%s): %w", p.Number, p.Name, err)
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if err := writeFile(fat, name, files[name]); err != nil {
				return fmt.Errorf("write %s to partition %d: %w", name, p.Number, err)
			}
		}
		return d.Sync()
	}
	return fmt.Errorf("the image has no partition named %s for its seed", seedPartition)
}

func writeFile(fat filesystem.FileSystem, name, content string) error {
	f, err := fat.OpenFile("/"+name, os.O_CREATE|os.O_RDWR|os.O_TRUNC)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.WriteString(f, content); err != nil {
		return err
	}
	back, err := fat.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read it back: %w", err)
	}
	if string(back) != content {
		return errors.New("it reads back differently")
	}
	return nil
}

// openFAT opens the file system of a partition. The names of the three widths
// in the boot record are no proof by the specification, but all tools write
// them, and a wrong one fails to open.
func openFAT(d Disk, p gpt.Partition) (filesystem.FileSystem, error) {
	boot := make([]byte, 512)
	if _, err := d.ReadAt(boot, p.Start); err != nil {
		return nil, err
	}
	s := section{SectionReader: io.NewSectionReader(d, p.Start, p.Size), disk: d, part: p}
	switch {
	case string(boot[0x52:0x57]) == "FAT32":
		return fat32.Read(s, p.Size, 0, 512)
	case string(boot[0x36:0x3B]) == "FAT16":
		return fat16.Read(s, p.Size, 0, 512)
	case string(boot[0x36:0x3B]) == "FAT12":
		return fat12.Read(s, p.Size, 0, 512)
	}
	return nil, errors.New("it has no FAT file system")
}

// section is a partition of a Disk in the shape that go-diskfs asks for.
type section struct {
	*io.SectionReader
	disk Disk
	part gpt.Partition
}

// WriteAt implements backend.WritableFile, within the partition.
func (s section) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > s.part.Size {
		return 0, fmt.Errorf("write of %d bytes at %d leaves the partition", len(p), off)
	}
	return s.disk.WriteAt(p, s.part.Start+off)
}

func (s section) Writable() (backend.WritableFile, error) { return s, nil }
func (s section) Sys() (*os.File, error)                  { return nil, backend.ErrNotSuitable }
func (s section) Path() string                            { return "" }
func (s section) Close() error                            { return nil }
func (s section) Stat() (fs.FileInfo, error)              { return nil, fs.ErrInvalid }
