package tftp

import (
	"io/fs"
	"strings"
)

const longestName = 255

// cleanName turns the name of a request into a path of an fs.FS, or refuses it.
func cleanName(raw string) (string, error) {
	// Old UEFI and PXE ROMs read DHCP option 67 beyond its end and ask for the
	// name with the end option, 0xff, and more behind it (netboot.xyz issue
	// 1198: "an extra FF at the end of the filename", Kontron VX3040 with Kea
	// 2.6.2). No name of ours holds that byte.
	name, _, _ := strings.Cut(raw, "\xff")
	// A leading slash means the root of what is served, as in every TFTP
	// server that confines itself; GRUB and many ROMs send it.
	name = strings.TrimPrefix(name, "/")
	if len(raw) > longestName || name == "." || !fs.ValidPath(name) || strings.ContainsFunc(name, odd) {
		return "", errName
	}
	return name, nil
}

// odd tells characters that no name of ours has: control characters, the
// backslash of other systems' paths, and what is not ASCII.
func odd(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }
