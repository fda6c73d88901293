// Package embedded carries the boot image that make build put into files/.
//
// Only cmd/firstlight may import it, for it makes a binary 28 MB larger.
package embedded

import (
	"embed"
	"io/fs"
)

//go:embed all:files
var files embed.FS

// FS holds the files that bootimage.Read describes. A binary that was built
// without a boot image holds a README only, and Read says so.
func FS() fs.FS {
	sub, err := fs.Sub(files, "files")
	if err != nil {
		// Sub fails on invalid paths only, and this one is a constant.
		panic(err)
	}
	return sub
}
