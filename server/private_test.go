package server

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstlight/server/ca"
)

// TestSecretFilesOfOthersStopTheStart: a key that others can read may be
// out already, which no chmod mends, so that a person decides. What is ours and
// only stands open is closed.
func TestSecretFilesOfOthersStopTheStart(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		mode       fs.FileMode
		want       string // "" where it starts
		then       fs.FileMode
	}{
		{"the sealing key", "credentials.key", 0o644, "credentials.key: its mode is 0644, others can read it: run chmod 600", 0o644},
		{"a sealing key of the group", "credentials.key", 0o640, "its mode is 0640", 0o640},
		{"the CA's key", "ca.key", 0o644, "ca.key has mode 0644, others can read it: run chmod 600", 0o644},
		{"the database", "serverdb.sqlite", 0o644, "", 0o600},
		{"the folder", ".", 0o777, "", 0o775},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := stopped(t, t.TempDir())
			path := filepath.Join(o.Config.State, tt.file)
			if err := start(t, o); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			err := start(t, o)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("start with %s of mode %o = %v, want %q", tt.file, tt.mode, err, tt.want)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != tt.then {
				t.Errorf("%s has mode %o, want %o", tt.file, info.Mode().Perm(), tt.then)
			}
		})
	}
}

func TestAStateFolderOfAnotherUserStopsTheStart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root can give a folder away")
	}
	o := stopped(t, t.TempDir())
	if err := os.Chown(o.Config.State, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	err := start(t, o)
	if err == nil || !strings.Contains(err.Error(), "belongs to user 65534, and this is user 0") || !strings.Contains(err.Error(), "chown") {
		t.Errorf("start = %v, want it refused with owner and remedy", err)
	}
	if _, err := os.Stat(filepath.Join(o.Config.State, "serverdb.sqlite")); err == nil {
		t.Error("a database was made in the folder of another user")
	}
}

// start opens what lies in the state folder, as an appliance does first.
func start(t *testing.T, o Options) error {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	a := newAppliance(o)
	defer a.Close() //nolint:errcheck // of a test
	err := a.open(t.Context(), a.parts()[:3])
	if err == nil {
		_, err = ca.Open(o.Config.State, time.Now)
	}
	return err
}
