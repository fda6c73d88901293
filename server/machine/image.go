package machine

import (
	"fmt"
	"strings"
)

var sha256Hex = shape(`^[0-9a-f]{64}$`)

// Unfit says why a machine with these facts cannot run what the image holds; ""
// when it can, or when nobody knows what its processor is.
func (i *Image) Unfit(f *Facts) string {
	if f == nil || f.Arch == "" || f.Arch == i.Arch {
		return ""
	}
	return fmt.Sprintf("image %s is for %s and the machine is %s", i.Name, i.Arch, f.Arch)
}

// Validate names the first field that is wrong, its value and the remedy.
func (i *Image) Validate() error {
	switch {
	case !word(i.Name):
		return fmt.Errorf("name %q: want lower-case letters, digits and inner dashes", i.Name)
	case i.Arch != "amd64" && i.Arch != "arm64":
		return fmt.Errorf("arch %q: want amd64 or arm64", i.Arch)
	case strings.Trim(i.File, ".") == "" || strings.ContainsAny(i.File, `/\`):
		return fmt.Errorf("file %q: want the name of a file beside the manifest", i.File)
	case i.Compressed <= 0:
		return fmt.Errorf("compressed %d: want the size of the file in bytes", i.Compressed)
	case i.Bytes <= 0:
		return fmt.Errorf("bytes %d: want the size of the raw image", i.Bytes)
	case !sha256Hex(i.SHA256):
		return fmt.Errorf("sha256 %q: want 64 lower-case hex digits, the hash of the raw image", i.SHA256)
	case i.CompressedSHA256 != "" && !sha256Hex(i.CompressedSHA256):
		return fmt.Errorf("compressed_sha256 %q: want 64 lower-case hex digits, the hash of the file, or nothing", i.CompressedSHA256)
	}
	return nil
}
