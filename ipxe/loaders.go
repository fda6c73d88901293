// Package ipxe carries the boot loaders and says which machine gets which.
//
// The loaders are Debian's builds of iPXE and, for Secure Boot, Debian's signed
// shim and GRUB, all unmodified: ipxe/fetch puts them into loaders/ at build time
// and loaders.sum pins what they are. The package
// promises that a name it answers with can be opened in Loaders. The adapters
// that hand loaders out (server/dhcp, server/tftp, server/httpboot) may import
// it; it imports nothing of this module.
package ipxe

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:loaders
var embedded embed.FS

// ErrNoLoader says that there is no loader for an architecture at all, unlike
// a loader that should be there and is not.
var ErrNoLoader = errors.New("no boot loader for this architecture")

// Loaders holds the boot loaders by their file names, and their NOTICE.
func Loaders() fs.FS {
	sub, err := fs.Sub(embedded, "loaders")
	if err != nil {
		// Sub fails on invalid paths only, and this one is a constant.
		panic(err)
	}
	return sub
}

// LoaderFor answers which file of Loaders a machine's firmware can run, by the
// client architecture of its DHCP request (option 93).
func LoaderFor(architecture uint16) (string, error) {
	return loaderIn(Loaders(), architectures, architecture)
}

// SignedFor answers the same for firmware with Secure Boot.
func SignedFor(architecture uint16) (string, error) {
	return loaderIn(Loaders(), signed, architecture)
}

func loaderIn(loaders fs.FS, choice map[uint16]string, architecture uint16) (string, error) {
	loader := choice[architecture]
	if loader == "" {
		return "", fmt.Errorf("choose loader for architecture %d: %w", architecture, ErrNoLoader)
	}
	if _, err := fs.Stat(loaders, loader); err != nil {
		return "", fmt.Errorf("choose loader for architecture %d: %s is not in this binary, run make build: %w", architecture, loader, err)
	}
	return loader, nil
}
