package light

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/partition/gpt"
	"github.com/klauspost/compress/zstd"
)

// ImageName is the image that light machines install: laid out like a real one,
// with a partition for the seed and one that grows, and without a system in it.
const ImageName = "light-1"

const (
	mebibyte   = 1 << 20
	imageBytes = 4 * mebibyte
	seedName   = "CIDATA"
)

// WriteImage puts the image and its manifest into an image folder.
func WriteImage(dir string) error {
	raw, err := makeImage()
	if err != nil {
		return fmt.Errorf("make image %s: %w", ImageName, err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		return fmt.Errorf("make image %s: %w", ImageName, err)
	}
	packed := z.EncodeAll(raw, nil)
	manifest, err := json.MarshalIndent(map[string]any{
		"name": ImageName, "arch": "amd64", "file": ImageName + ".raw.zst",
		"compressed": len(packed), "compressed_sha256": sum(packed), "bytes": len(raw), "sha256": sum(raw),
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("make image %s: %w", ImageName, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ImageName+".raw.zst"), packed, 0o644); err != nil {
		return fmt.Errorf("make image %s: %w", ImageName, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ImageName+".json"), manifest, 0o644); err != nil {
		return fmt.Errorf("make image %s: %w", ImageName, err)
	}
	return nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func makeImage() ([]byte, error) {
	d := NewDisk(imageBytes)
	if err := layOut(d); err != nil {
		return nil, err
	}
	// Something to hash and to write where a system would be.
	root := make([]byte, 256<<10)
	for i := range root {
		root[i] = byte(i * i >> 7)
	}
	if _, err := d.WriteAt(root, 2*mebibyte); err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(d, 0, imageBytes))
}

// layOut writes the partitions, and the file system that takes the seed.
func layOut(d *Disk) error {
	table := &gpt.Table{
		ProtectiveMBR: true, LogicalSectorSize: 512, PhysicalSectorSize: 512, GUID: "5C1A6C0E-5B0A-4B7E-9D55-6C6967687431",
		Partitions: []*gpt.Partition{
			{Index: 1, Start: 2048, End: 4095, Type: gpt.MicrosoftBasicData, Name: seedName, GUID: "5C1A6C0E-5B0A-4B7E-9D55-6C6967687432"},
			{Index: 2, Start: 4096, End: 6143, Type: gpt.LinuxFilesystem, Name: "root", GUID: "5C1A6C0E-5B0A-4B7E-9D55-6C6967687433"},
		},
	}
	if err := table.Write(d.section(0, d.size), d.size); err != nil {
		return err
	}
	_, err := fat12.Create(d.section(mebibyte, mebibyte), mebibyte, 0, 512, seedName, true)
	return err
}
