package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"firstlight/images/bootimage"
	"firstlight/ipxe"
	"firstlight/server/machine"
)

// roomWanted is what the state folder should have free: the database of some
// thousand machines and an image or two.
const roomWanted = 4 << 30

// state looks whether the state folder can be written, locked and filled.
func state(_ context.Context, p Patient) []Finding {
	dir := p.Config.State
	about := "state folder " + dir
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return []Finding{missingState(about, dir)}
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return []Finding{{Fail, about, "cannot be written: " + cause(err), "chown it to the user that serves, or set state to another folder"}}
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return []Finding{{Fail, about, "cannot be written: " + cause(err), "check its file system"}}
	}
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return []Finding{{Warn, about, "its file system cannot be asked: " + cause(err), "make sure that it is a local disk"}}
	}
	return []Finding{fileSystem(about, int64(s.Type), s.Bavail*uint64(s.Bsize))} //nolint:unconvert // the types differ by architecture
}

// missingState is fine where it can be made: the first start does.
func missingState(about, dir string) Finding {
	parent := filepath.Dir(dir)
	for parent != "/" && errors.Is(unix.Access(parent, unix.F_OK), fs.ErrNotExist) {
		parent = filepath.Dir(parent)
	}
	if unix.Access(parent, unix.W_OK) == nil {
		return ok(about, "is not there yet; the first start makes it")
	}
	return Finding{Fail, about, "is not there and cannot be made in " + parent, "make it and chown it to the user that serves"}
}

func fileSystem(about string, kind int64, free uint64) Finding {
	foreign := []int64{
		unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.V9FS_MAGIC, unix.FUSE_SUPER_MAGIC,
	}
	switch {
	case slices.Contains(foreign, kind):
		return Finding{Fail, about, "lies on a network file system, or on another program's: SQLite's locks do not hold there", "set state to a folder of a local disk"}
	case kind == unix.TMPFS_MAGIC:
		return Finding{Warn, about, "lies in memory: a restart of this host forgets everything", "set state to a folder of a local disk"}
	case free < roomWanted:
		return Finding{Warn, about, fmt.Sprintf("has %.1f GB free", float64(free)/1e9), "make room: images take gigabytes"}
	}
	return ok(about, fmt.Sprintf("can be written, %.0f GB free", float64(free)/1e9))
}

// cause leaves out the path, which the finding names already.
func cause(err error) string {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// images looks at the manifests of the image folder, and for every image that a
// rule installs.
func images(_ context.Context, p Patient) []Finding {
	dir := filepath.Join(p.Config.State, "images")
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(paths) == 0 {
		paths = nil
	}
	var all []Finding
	var have []string
	for _, path := range paths {
		name, f := oneImage(path)
		have, all = append(have, name), append(all, f)
	}
	for _, r := range p.Config.Rules {
		if r.Image != "" && !slices.Contains(have, r.Image) {
			all = append(all, Finding{Fail, "image " + r.Image, fmt.Sprintf("rule %s installs it, and %s has none of that name", r.Name, dir), "copy the image and its manifest there, or correct the rule"})
		}
	}
	if len(all) == 0 {
		all = append(all, Finding{Warn, "images", dir + " has none: nothing can be installed", "copy an image and its manifest there"})
	}
	return all
}

func oneImage(path string) (string, Finding) {
	about := "image " + strings.TrimSuffix(filepath.Base(path), ".json")
	const again = "copy the image and its manifest again"
	text, err := os.ReadFile(path)
	if err != nil {
		return "", Finding{Fail, about, "its manifest cannot be read: " + cause(err), "let the user that serves read it"}
	}
	var i machine.Image
	if err := json.Unmarshal(text, &i); err != nil {
		return "", Finding{Fail, about, "its manifest cannot be read: " + err.Error(), again}
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(path), filepath.Base(i.File)))
	switch {
	case err != nil:
		return i.Name, Finding{Fail, about, "its file " + i.File + " cannot be read: " + cause(err), again}
	case info.Size() != i.Compressed:
		return i.Name, Finding{Fail, about, fmt.Sprintf("its file %s has %d bytes, the manifest says %d", i.File, info.Size(), i.Compressed), again}
	}
	return i.Name, ok(about, fmt.Sprintf("%s, %.3g MB", i.Name, float64(i.Compressed)/1e6))
}

// bootFiles looks at what this binary carries for machines.
func bootFiles(_ context.Context, p Patient) []Finding {
	const remedy = "install the release, or build with: make build"
	var all []Finding
	switch images, err := bootimage.ReadAll(p.BootImages); {
	case err != nil:
		all = append(all, Finding{Fail, "boot image", err.Error(), remedy})
	case len(images) == 0:
		all = append(all, Finding{Fail, "boot image", "there is none in this binary", remedy})
	default:
		all = append(all, ok("boot image", "for "+strings.Join(slices.Sorted(maps.Keys(images)), " and ")+" in this binary"))
	}
	var missing []string
	for _, name := range []string{ipxe.UndionlyKPXE, ipxe.SNPOnlyEFI, ipxe.AMD64EFI, ipxe.ARM64EFI, ipxe.ShimEFI, ipxe.GRUBEFI} {
		if _, err := fs.Stat(p.Loaders, name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return append(all, Finding{Fail, "boot loaders", "this binary lacks " + strings.Join(missing, ", "), remedy})
	}
	return append(all, ok("boot loaders", "are in this binary"))
}
