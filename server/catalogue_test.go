package server

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstlight/server/serverdb"
	"firstlight/server/serverdb/storetest"
)

// catalogue is an image folder with a good image, changed by files.
func catalogue(t *testing.T, files map[string]string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func manifest(name, file string, compressed int) string {
	return fmt.Sprintf(`{"name":%q,"arch":"amd64","file":%q,"compressed":%d,"bytes":4096,"sha256":%q}`, name, file, compressed, strings.Repeat("0a", 32))
}

func database(t *testing.T) *serverdb.DB {
	t.Helper()
	db, err := serverdb.Open(t.Context(), storetest.Fresh(t),
		serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestTheCatalogueIsRead(t *testing.T) {
	db := database(t)
	root := catalogue(t, map[string]string{
		"debian-12.json": manifest("debian-12", "debian-12.raw.zst", 5), "debian-12.raw.zst": "bytes", "README": "not a manifest",
	})
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for range 2 { // a second start finds the same and writes nothing
		if err := readCatalogue(t.Context(), db, root, now); err != nil {
			t.Fatal(err)
		}
	}
	i, err := db.Image("debian-12")
	if err != nil || i.File != "debian-12.raw.zst" || !i.AddedAt.Equal(now) {
		t.Errorf("Image = %+v, %v", i, err)
	}
	if audits, err := db.Audits(t.Context(), serverdb.AuditQuery{Limit: 10}); err != nil || len(audits) != 1 {
		t.Errorf("%d changes were audited, %v; want 1", len(audits), err)
	}
}

func TestACatalogueThatCannotBeRead(t *testing.T) {
	for _, tt := range []struct {
		name, text, says string
	}{
		{"half a manifest", `{"name":"deb`, "unexpected end of JSON input: build the image again"},
		{"a number where a name belongs", `{"name":7}`, "cannot unmarshal number"},
		{"a name that is no label", manifest("Debian 12", "i.zst", 5), `name "Debian 12": want lower-case letters`},
		{"an image that is not there", manifest("debian-12", "missing.zst", 5), "copy the image beside its manifest"},
		{"an image elsewhere", manifest("debian-12", "../i.zst", 5), "want the name of a file beside the manifest"},
		{"an image that was copied in part", manifest("debian-12", "i.zst", 500), `file "i.zst" has 5 bytes, the manifest says 500: copy it again`},
		{"no hash", `{"name":"debian-12","arch":"amd64","file":"i.zst","compressed":5,"bytes":1}`, "want 64 lower-case hex digits"},
		{"a name twice", manifest("other", "i.zst", 5), `name "other": manifest a.json has it already; remove one of them`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := database(t)
			root := catalogue(t, map[string]string{"a.json": manifest("other", "i.zst", 5), "i.zst": "bytes", "b.json": tt.text})
			err := readCatalogue(t.Context(), db, root, time.Now())
			path := filepath.Join(root.Name(), "b.json")
			if err == nil || !strings.HasPrefix(err.Error(), "image manifest "+path+": ") || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("readCatalogue = %v, want the file and …%s…", err, tt.says)
			}
		})
	}
}
