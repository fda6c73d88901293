package virtualrack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"firstlight/server/virtualrack/light"
)

// fillCatalogue puts the images of a folder into the appliance's: as hard links
// where the file system allows it, copies elsewhere.
func (r *Rack) fillCatalogue() error {
	to := filepath.Join(r.stateDir(), "images")
	if err := os.MkdirAll(to, 0o750); err != nil {
		return fmt.Errorf("make the image folder: %w", err)
	}
	if r.spec.Light > 0 {
		if err := light.WriteImage(to); err != nil {
			return err
		}
	}
	if r.spec.Images == "" {
		return nil
	}
	manifests, err := filepath.Glob(filepath.Join(r.spec.Images, "*.json"))
	if err != nil {
		return fmt.Errorf("list the images: %w", err)
	}
	archives, err := filepath.Glob(filepath.Join(r.spec.Images, "*.zst"))
	if err != nil {
		return fmt.Errorf("list the images: %w", err)
	}
	for _, from := range append(archives, manifests...) {
		if err := place(from, filepath.Join(to, filepath.Base(from))); err != nil {
			return fmt.Errorf("add an image to the catalogue: %w", err)
		}
	}
	return nil
}

func place(from, to string) error {
	real, err := filepath.EvalSymlinks(from) // a link to a link would follow the build's cache
	if err != nil {
		return err
	}
	if err := os.Link(real, to); err == nil || errors.Is(err, os.ErrExist) {
		return nil
	}
	in, err := os.Open(real)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// image is the name of the OS image that the rack's rules install: the first of
// the folder, none where it is empty.
func (r *Rack) image() string {
	if r.spec.Images == "" {
		return ""
	}
	manifests, err := filepath.Glob(filepath.Join(r.spec.Images, "*.json"))
	if err != nil || len(manifests) == 0 {
		return ""
	}
	return strings.TrimSuffix(filepath.Base(manifests[0]), ".json")
}
