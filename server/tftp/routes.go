package tftp

import (
	"fmt"
	"io/fs"
	"strings"
)

// Route is one name that may be asked for. The first route that fits a name
// decides.
type Route struct {
	// Name is a file's, or that of a folder with a slash at its end, which
	// stands for everything below it.
	Name string
	// Files has the file under its whole name. For a folder of the disk take
	// (*os.Root).FS, which follows no link that leads out of it.
	Files fs.FS
}

func (r Route) fits(name string) bool {
	return name == r.Name || strings.HasSuffix(r.Name, "/") && strings.HasPrefix(name, r.Name)
}

// open finds a file by a name that was checked, and its size.
func open(routes []Route, name string) (fs.File, int64, error) {
	for _, r := range routes {
		if r.fits(name) {
			return openRegular(r.Files, name)
		}
	}
	return nil, 0, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// openRegular looks before it opens: opening a FIFO would wait for its writer.
func openRegular(files fs.FS, name string) (fs.File, int64, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: it is no regular file: %w", name, fs.ErrPermission)
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, 0, err
	}
	return f, info.Size(), nil
}
