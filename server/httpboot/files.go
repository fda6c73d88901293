package httpboot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"firstlight/ipxe/script"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// asset is a file of the binary that machines fetch.
type asset struct {
	files fs.FS
	name  string
	etag  string
}

// loadAssets hashes the boot files once; they cannot change while we run.
func (s *Server) loadAssets() error {
	add := func(url string, files fs.FS, name, sum string) error {
		sum, err := hashed(files, name, sum)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // asked for, it answers 404 with the remedy; doctor tells too
		}
		if err != nil {
			return fmt.Errorf("read boot file %s: %w", name, err)
		}
		s.files[url] = &asset{files, name, `"` + sum + `"`}
		return nil
	}
	for architecture, image := range s.BootImages {
		names := []string{path.Base(script.KernelPath(architecture)), path.Base(script.InitramfsPath(architecture))}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(names, maps.Keys(image.Sums))))) {
			if err := add("/boot/"+architecture+"/"+name, image.Files, name, image.Sums[name]); err != nil {
				return err
			}
		}
	}
	for _, files := range []fs.FS{s.Loaders, s.Secure.Loaders} {
		if files == nil {
			continue
		}
		loaders, err := fs.Glob(files, "*")
		if err != nil {
			return err
		}
		for _, name := range loaders {
			if err := add("/boot/loaders/"+name, files, name, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func imagePaths(architecture string) []string {
	return []string{script.KernelPath(architecture), script.InitramfsPath(architecture)}
}

// hashed gives a file's SHA-256, which may be known, if the file is there.
func hashed(files fs.FS, name, known string) (string, error) {
	f, err := files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	if known != "" {
		return known, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// file sends a boot file.
func (s *Server) file(w http.ResponseWriter, r *http.Request) error {
	a := s.files[r.URL.Path]
	if a == nil {
		s.absent(r)
		return status(http.StatusNotFound, fmt.Errorf("no file %s in this binary; make build puts the boot files into it", r.URL.Path))
	}
	f, err := a.files.Open(a.name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	seeker, ok := f.(io.ReadSeeker)
	if !ok {
		return fmt.Errorf("boot file %s: cannot be read from a place", a.name)
	}
	whole := s.send(w, r, a.name, a.etag, seeker)
	if driver, ok := strings.CutPrefix(a.name, path.Base(script.OverlayPath("", ""))); ok && whole {
		s.metrics.overlays.WithLabelValues(driver).Inc()
	}
	return nil
}

// absent tells the timeline of the machine that asks, if it is known by its
// address, that there is no such file.
func (s *Server) absent(r *http.Request) {
	id, mac := s.Inventory.WhoIs(source(r))
	if id == "" && mac.IsZero() {
		return
	}
	name := short(r.URL.Path)
	s.Records.Note(journal.Event{
		Machine: id, MAC: mac, Source: journal.Files, Text: "GET " + name + " → 404: there is no such file",
		Details: map[string]string{journal.DetailOutcome: string(journal.Missing), journal.DetailFile: name},
	})
}

// image sends an OS image of the catalogue. The catalogue's file name was
// checked when it was added, and os.Root lets none lead out of the folder.
func (s *Server) image(w http.ResponseWriter, r *http.Request) error {
	i, err := s.Inventory.Image(r.PathValue("name"))
	if err != nil {
		return err
	}
	f, err := s.Images.Open(i.File)
	if err != nil {
		return status(http.StatusNotFound, fmt.Errorf("image %s: its file %s is missing in the image folder", i.Name, i.File))
	}
	defer f.Close() //nolint:errcheck // only read
	s.send(w, r, i.Name, imageTag(i), f)
	return nil
}

// imageTag names the very bytes that are sent: by their own hash, or, where a
// manifest has none, by that of the raw image and their number.
func imageTag(i *machine.Image) string {
	if i.CompressedSHA256 != "" {
		return `"` + i.CompressedSHA256 + `"`
	}
	return fmt.Sprintf(`"%s-%d"`, i.SHA256, i.Compressed)
}

// MissingFiles names the files that its boot images lack, or says that there is
// no boot image.
func (s *Server) MissingFiles() []string {
	if len(s.BootImages) == 0 {
		return []string{"boot image"}
	}
	var missing []string
	for _, architecture := range slices.Sorted(maps.Keys(s.BootImages)) {
		for _, url := range imagePaths(architecture) {
			if s.files[url] == nil {
				missing = append(missing, strings.TrimPrefix(url, "/boot/"))
			}
		}
	}
	return missing
}
