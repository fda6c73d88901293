package httpboot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"time"

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
	add := func(url string, files fs.FS, name string) error {
		sum, err := hash(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // asked for, it answers 404 with the remedy; doctor tells too
		}
		if err != nil {
			return fmt.Errorf("read boot file %s: %w", name, err)
		}
		s.files[url] = &asset{files, name, `"` + sum + `"`}
		return nil
	}
	for _, url := range []string{script.KernelPath, script.InitramfsPath} {
		if err := add(url, s.BootImage, path.Base(url)); err != nil {
			return err
		}
	}
	loaders, err := fs.Glob(s.Loaders, "*")
	if err != nil {
		return err
	}
	for _, name := range loaders {
		if err := add("/boot/loaders/"+name, s.Loaders, name); err != nil {
			return err
		}
	}
	return nil
}

func hash(files fs.FS, name string) (string, error) {
	f, err := files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
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
	s.send(w, r, a.name, a.etag, seeker)
	return nil
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

// send serves a file with ranges and notes what left.
func (s *Server) send(w http.ResponseWriter, r *http.Request, name, etag string, f io.ReadSeeker) {
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", "application/octet-stream")
	began := s.Now()
	c := &counted{ResponseWriter: w, status: http.StatusOK}
	http.ServeContent(c, r, name, time.Time{}, f)
	s.metrics.bytes.Add(float64(c.bytes))
	if r.Method == http.MethodHead || c.status >= 300 {
		return
	}
	s.Records.Note(s.transfer(r, name, c, s.Now().Sub(began)))
}

func (s *Server) transfer(r *http.Request, name string, c *counted, took time.Duration) journal.Event {
	id, mac := s.Inventory.WhoIs(source(r))
	text := fmt.Sprintf("GET %s → %d", name, c.status)
	if rng := r.Header.Get("Range"); rng != "" && c.status == http.StatusPartialContent {
		text += " " + short(rng)
	}
	if r.Context().Err() != nil {
		text += ", broken off"
	}
	return journal.Event{Machine: id, MAC: mac, Source: journal.Files, Text: text, Bytes: c.bytes, Duration: took}
}

// counted counts what a response sends without losing sendfile.
type counted struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom lets net/http hand the file to the kernel.
func (c *counted) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, r)
	c.bytes += n
	return n, err
}

// MissingFiles names the boot files that this binary was built without.
func (s *Server) MissingFiles() []string {
	var missing []string
	for _, url := range []string{script.KernelPath, script.InitramfsPath} {
		if s.files[url] == nil {
			missing = append(missing, path.Base(url))
		}
	}
	return missing
}
