package efiboot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// global is the GUID of the specification's own variables.
const global = "8be4df61-93ca-11d2-aa0d-00e098032b8c"

// keep says that a variable survives a restart and is seen before and after
// the system takes over from the firmware.
var keep = []byte{7, 0, 0, 0}

// immutable is the flag of a file that not even root may change
// (kernel: include/uapi/linux/fs.h, FS_IMMUTABLE_FL).
const immutable = 0x10

// Files reads an efivarfs: a file for each variable, whose content follows four
// bytes of attributes (kernel: Documentation/filesystems/efivarfs.rst).
type Files struct{ FS fs.FS }

// Names implements Reader.
func (f Files) Names() ([]string, error) {
	entries, err := fs.ReadDir(f.FS, ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), "-"+global); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// Get implements Reader.
func (f Files) Get(name string) ([]byte, error) {
	b, err := fs.ReadFile(f.FS, name+"-"+global)
	if err != nil {
		return nil, err
	}
	if len(b) < len(keep) {
		return nil, fmt.Errorf("variable %s has %d bytes, less than its attributes", name, len(b))
	}
	return b[len(keep):], nil
}

// Dir is a mounted efivarfs that is written, too.
type Dir string

func (d Dir) path(name string) string { return filepath.Join(string(d), name+"-"+global) }

// Names implements Variables.
func (d Dir) Names() ([]string, error) { return Files{os.DirFS(string(d))}.Names() }

// Get implements Variables.
func (d Dir) Get(name string) ([]byte, error) { return Files{os.DirFS(string(d))}.Get(name) }

// Set implements Variables. Each write to efivarfs is one call of the firmware,
// so attributes and value have to go in one, and the file must not be cut first.
func (d Dir) Set(name string, value []byte) error {
	if err := d.unlock(name); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path(name), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(append([]byte(nil), keep...), value...))
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// Delete implements Variables.
func (d Dir) Delete(name string) error {
	if err := d.unlock(name); err != nil {
		return err
	}
	return os.Remove(d.path(name))
}

// unlock takes the immutable flag away, which the kernel puts on variables that
// it does not know to be harmless. File systems without flags need nothing.
func (d Dir) unlock(name string) error {
	f, err := os.Open(d.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err != nil || flags&immutable == 0 {
		return nil //nolint:nilerr // no flags, nothing to take away
	}
	return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags&^immutable)
}
