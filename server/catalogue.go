package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	for _, name := range names {
		image, err := readManifest(root, name)
		if err != nil {
			return fmt.Errorf("image manifest %s: %w", filepath.Join(root.Name(), name), err)
		}
		image.AddedAt = now.UTC()
		if err := db.PutImage(ctx, "image folder", image); err != nil {
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
		return nil, err
	}
	if !machine.ValidLabel(i.Name) {
		return nil, fmt.Errorf("name %q: want lower-case letters, digits and inner dashes", i.Name)
	}
	if i.File == "" || strings.ContainsAny(i.File, `/\`) {
		return nil, fmt.Errorf("file %q: want the name of a file beside the manifest", i.File)
	}
	if len(i.SHA256) != 64 || i.Bytes <= 0 {
		return nil, errors.New("sha256 and bytes: want the hash and the size of the raw image")
	}
	info, err := root.Stat(i.File)
	if err != nil {
		return nil, fmt.Errorf("file %q: %w; copy the image beside its manifest", i.File, err)
	}
	if info.Size() != i.Compressed {
		return nil, fmt.Errorf("file %q has %d bytes, the manifest says %d: copy it again", i.File, info.Size(), i.Compressed)
	}
	return i, nil
}
