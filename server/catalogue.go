package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// readCatalogue brings the image folder's manifests into ServerDb: one JSON
// file beside each image, as images/osimage/build writes it.
func readCatalogue(ctx context.Context, db *serverdb.DB, root *os.Root, now time.Time) error {
	names, err := fs.Glob(root.FS(), "*.json")
	if err != nil {
		return err
	}
	from := map[string]string{} // image -> manifest
	for _, name := range names {
		image, err := readManifest(root, name)
		if err == nil && from[image.Name] != "" {
			err = fmt.Errorf("name %q: manifest %s has it already; remove one of them", image.Name, from[image.Name])
		}
		if err != nil {
			return fmt.Errorf("image manifest %s: %w", filepath.Join(root.Name(), name), err)
		}
		from[image.Name] = name
		image.AddedAt = now.UTC()
		if err := db.PutImage(ctx, serverdb.Actor{Name: "image folder"}, image); err != nil {
			return err
		}
	}
	return nil
}

func readManifest(root *os.Root, name string) (*machine.Image, error) {
	text, err := fs.ReadFile(root.FS(), name)
	if err != nil {
		return nil, err
	}
	i := &machine.Image{}
	if err := json.Unmarshal(text, i); err != nil {
		return nil, fmt.Errorf("%w: build the image again, or copy its manifest again", err)
	}
	if err := i.Validate(); err != nil {
		return nil, err
	}
	info, err := root.Stat(i.File)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w; copy the image beside its manifest", i.File, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("file %q is no regular file: copy the image beside its manifest", i.File)
	}
	if info.Size() != i.Compressed {
		return nil, fmt.Errorf("file %q has %d bytes, the manifest says %d: copy it again", i.File, info.Size(), i.Compressed)
	}
	return i, nil
}
