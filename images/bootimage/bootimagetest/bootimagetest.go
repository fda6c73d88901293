// Package bootimagetest makes boot images for tests that boot nothing. Only
// tests import it.
package bootimagetest

import (
	"encoding/json"
	"testing/fstest"

	"firstlight/images/bootimage"
)

// Files is a folder with a boot image for each of the architectures: with this
// kernel and initramfs, as bootimage.ReadAll reads it. It names no hashes.
func Files(kernel, initramfs []byte, architectures ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, architecture := range architectures {
		manifest, err := json.Marshal(bootimage.Manifest{
			Version: "6.12.1", Architecture: architecture,
			Files: []bootimage.File{
				{Name: bootimage.Kernel, Size: int64(len(kernel))}, {Name: bootimage.Initramfs, Size: int64(len(initramfs))},
			},
		})
		if err != nil {
			panic(err) // texts and numbers
		}
		for name, content := range map[string][]byte{bootimage.Kernel: kernel, bootimage.Initramfs: initramfs, bootimage.ManifestFile: manifest} {
			files[architecture+"/"+name] = &fstest.MapFile{Data: content}
		}
	}
	return files
}
