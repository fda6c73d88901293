package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// assets serves files below addresses that hold a hash of their content, so
// that browsers may keep them for ever and never show an old one.
type assets struct {
	address map[string]string // by plain name
	content map[string][]byte // by hashed name
}

func loadAssets() (*assets, error) {
	a := &assets{address: map[string]string{}, content: map[string][]byte{}}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		b, err := fs.ReadFile(assetFiles, path.Join("assets", e.Name()))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(e.Name())
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.address[e.Name()] = "/static/" + hashed
		a.content[hashed] = b
	}
	return a, nil
}

// url gives the address of an asset; a template that asks for one that does
// not exist fails.
func (a *assets) url(name string) (string, error) {
	u, ok := a.address[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return u, nil
}

func (s *Site) asset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	b, ok := s.assets.content[name]
	if !ok {
		return errNoPage
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
	return nil
}
