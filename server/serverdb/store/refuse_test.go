package store_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// database makes one with rows and gives its path, closed.
func database(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "serverdb.sqlite")
	s := opened(t, path)
	if err := s.Update(t.Context(), storetest.Fill); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDamagedDatabasesAreRefusedAndLeftAlone opens what is left of a database.
func TestDamagedDatabasesAreRefusedAndLeftAlone(t *testing.T) {
	flip := func(b []byte, from, to int) []byte {
		for i := from; i < to; i++ {
			b[i] ^= 0xff
		}
		return b
	}
	for _, tt := range []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"no bytes at all", func([]byte) []byte { return nil }},
		{"half a header", func(b []byte) []byte { return b[:50] }},
		{"the first page alone", func(b []byte) []byte { return b[:4096] }},
		{"half the pages", func(b []byte) []byte { return b[:len(b)/2/4096*4096] }},
		{"a flipped header", func(b []byte) []byte { return flip(b, 0, 16) }},
		{"a flipped schema", func(b []byte) []byte { return flip(b, 100, 1000) }},
		{"a flipped page in the middle", func(b []byte) []byte { return flip(b, 5*4096, 6*4096) }},
		{"every page after the first flipped", func(b []byte) []byte { return flip(b, 4096, len(b)) }},
		{"another kind of file", func([]byte) []byte { return []byte(strings.Repeat("listen: 10.80.12.1\n", 400)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := database(t)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			left := tt.damage(bytes.Clone(whole))
			if err := os.WriteFile(path, left, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(t.Context(), path)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			sentence(t, err, path, store.ErrCorrupt, "restore a backup, or move the file away to begin anew")
			if now, _ := os.ReadFile(path); !bytes.Equal(now, left) {
				t.Error("the refused file was changed")
			}
		})
	}
}

// sentence asserts that an error is one line that names the file once, what is
// wrong and what to do.
func sentence(t *testing.T, err error, path string, kind error, remedy string) {
	t.Helper()
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("Open = %v, want %v", err, kind)
	}
	text := err.Error()
	if !strings.HasPrefix(text, "open database "+path+": ") || !strings.Contains(text, remedy) || strings.Contains(text, "\n") || len(text) > 400 {
		t.Errorf("Open = %q, want one line with the file and %q", text, remedy)
	}
}

func TestALostLogIsNotPassedOver(t *testing.T) {
	path := database(t)
	if err := os.WriteFile(path+"-shm", make([]byte, 32768), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), path)
	if err == nil {
		t.Fatal("a database without its newest changes was opened")
	}
	sentence(t, err, path, store.ErrCorrupt, "put it back, or remove "+path+"-shm to go on without them")
	if err := os.Remove(path + "-shm"); err != nil {
		t.Fatal(err)
	}
	storetest.Kept(t, opened(t, path), storetest.Newest) // the remedy works
}

func TestALostFileIsNotBegunAnewBesideItsLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serverdb.sqlite")
	if err := os.WriteFile(path+"-wal", []byte("frames"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), path)
	if err == nil {
		t.Fatal("an empty database took the place of the lost one")
	}
	sentence(t, err, path, store.ErrCorrupt, "restore a backup")
}

func TestTheFileIsTheOwnersAlone(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "state", "serverdb.sqlite")
	s := opened(t, path)
	if err := s.Update(t.Context(), storetest.Fill); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600: it holds sealed secrets and who did what", filepath.Base(path+suffix), info.Mode())
		}
	}
}

func TestABeginningThatWasCutShortIsBegunAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serverdb.sqlite")
	for _, suffix := range []string{".new", ".new-wal", ".new-shm"} {
		if err := os.WriteFile(path+suffix, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := opened(t, path)
	if err := s.Update(t.Context(), storetest.Fill); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + ".new*"); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// asNobody is set in the child that has no rights to the database's folder.
const asNobody = "FIRSTLIGHT_TEST_NOBODY"

func TestAFolderThatIsReadOnly(t *testing.T) {
	if path := os.Getenv(asNobody); path != "" {
		nobody(t, path)
		return
	}
	there, absent := database(t), filepath.Join(t.TempDir(), "serverdb.sqlite")
	for _, path := range []string{there, absent} {
		before, _ := os.ReadFile(path)
		for dir, mode := range map[string]os.FileMode{filepath.Dir(path): 0o555, filepath.Dir(filepath.Dir(path)): 0o755} {
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
		}
		_ = os.Chmod(there, 0o444)
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFolderThatIsReadOnly$")
		child.Env = append(os.Environ(), asNobody+"="+path)
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Error("the refused file was changed")
		}
		if err := os.Chmod(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func nobody(t *testing.T, path string) {
	if os.Getuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), path)
	if err == nil {
		_ = s.Close()
		t.Fatal("a database that cannot be written to was opened")
	}
	sentence(t, err, path, nil, "check the owner and mode")
}
