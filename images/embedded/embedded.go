// Package embedded carries the boot images that make build put into files/.
//
// Only cmd/firstlight may import it, for each makes a binary 30 MB larger.
package embedded

import (
	"embed"
	"io/fs"
)

//go:embed all:files
var files embed.FS

// FS holds the folders that bootimage.ReadAll describes. A binary that was built
// without a boot image holds a README only, and ReadAll finds none.
func FS() fs.FS {
	sub, err := fs.Sub(files, "files")
	if err != nil {
		// Sub fails on invalid paths only, and this one is a constant.
		panic(err)
	}
	return sub
}
