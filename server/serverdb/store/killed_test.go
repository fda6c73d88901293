package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// migrateFile tells the child which database it brings up to date.
const migrateFile = "FIRSTLIGHT_TEST_MIGRATE_FILE"

// points are where a migration is killed: at 8 of them, spread over all, or in
// the long run at each.
func points(all []call) []call {
	const few = 8
	if os.Getenv("FIRSTLIGHT_LONG") != "" || len(all) <= few {
		return all
	}
	var some []call
	for n := range few {
		from, to := n*len(all)/few, (n+1)*len(all)/few
		some = append(some, all[from+rand.IntN(to-from)])
	}
	return some
}

// call is one of the system calls that change files, by how often there was one
// of its name before.
type call struct {
	name string
	nth  int
}

// changing are the system calls with which SQLite changes what is on the disk.
// Between two of them a kill leaves the same behind.
const changing = "pwrite64,ftruncate,fdatasync,fsync,unlink,unlinkat,rename,renameat,fchmodat"

// TestABeginningMayBeKilledAnywhere is D-09 for the first schema: a child that
// makes a database gets SIGKILL. What is left in its place is none, or one that
// is whole; the next start makes what one makes that nobody disturbed.
func TestABeginningMayBeKilledAnywhere(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("SKIPPED: strace is not installed; nothing was tested")
	}
	absent := func() string { return filepath.Join(t.TempDir(), "serverdb.sqlite") }
	whole := absent()
	calls := undisturbed(t, whole)
	want := defined(t, whole) + rows(t, whole)
	for _, at := range points(calls) {
		file := absent()
		killedAt(t, file, at)
		if err := opened(t, file).Close(); err != nil {
			t.Fatal(err)
		}
		if got := defined(t, file) + rows(t, file); got != want {
			t.Fatalf("killed at %v, the next start makes\n%s\nundisturbed it is\n%s", at, got, want)
		}
	}
	t.Logf("killed at %d of %d points", len(points(calls)), len(calls))
}

// TestMigrationsMayBeKilledAnywhere is D-09: a child that migrates a kept
// database gets SIGKILL from strace before one of the calls that change files.
// What is left has one of the schemas, whole; and the next start brings it to
// the same schema and rows as a migration that nobody disturbed.
func TestMigrationsMayBeKilledAnywhere(t *testing.T) {
	if file := os.Getenv(migrateFile); file != "" {
		migrate(t, file)
		return
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("SKIPPED: strace is not installed; nothing was tested")
	}
	all := names(t)
	schemas := map[string]int64{}
	for i, name := range all {
		schemas[defined(t, kept(name))] = int64(i + 1)
	}
	for i, name := range all[:len(all)-1] { // the newest has nothing to migrate
		t.Run(filepath.Base(name), func(t *testing.T) {
			whole := copied(t, kept(name))
			calls := undisturbed(t, whole)
			if len(calls) < 34 { // of three schemas a hundred
				t.Fatalf("only %d points to be killed at", len(calls))
			}
			want, left := defined(t, whole)+rows(t, whole), map[int64]int{}
			for _, at := range points(calls) {
				file := copied(t, kept(name))
				killedAt(t, file, at)
				version, known := schemas[defined(t, file)]
				if says := versionOf(t, copied(t, file)); !known || says != version {
					t.Fatalf("killed at %v it says schema %d, and has that of %d (0: of none)", at, says, version)
				}
				left[version]++
				s := opened(t, file)
				storetest.Kept(t, s, i+1)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if got := defined(t, file) + rows(t, file); got != want {
					t.Fatalf("killed at %v, the next start makes of it\n%s\nundisturbed it is\n%s", at, got, want)
				}
			}
			t.Logf("killed at %d of %d points; schemas that were left: %v", len(points(calls)), len(calls), left)
		})
	}
}

// migrate opens a database on one thread, because strace counts by thread.
func migrate(t *testing.T, file string) {
	runtime.LockOSThread()
	s, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// undisturbed migrates a file and tells what calls that takes.
func undisturbed(t *testing.T, file string) (calls []call) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "calls")
	if out, err := straced(t, file, "trace="+changing, log); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	threads, count := map[string]bool{}, map[string]int{}
	for line := range strings.Lines(string(text)) {
		thread, rest, _ := strings.Cut(line, " ")
		name, _, is := strings.Cut(strings.TrimSpace(rest), "(")
		if !is {
			continue
		}
		count[thread+name]++
		if strings.Contains(rest, filepath.Dir(file)) {
			threads[thread] = true
			calls = append(calls, call{name, count[thread+name]})
		}
	}
	if len(threads) != 1 {
		t.Fatalf("%d threads changed files, want one", len(threads))
	}
	return calls
}

// killedAt migrates a file up to a call.
func killedAt(t *testing.T, file string, at call) {
	t.Helper()
	out, err := straced(t, file, fmt.Sprintf("inject=%s:signal=KILL:when=%d", at.name, at.nth), os.DevNull)
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("at %v the child was not killed: %v\n%s", at, err, out)
	}
}

// straced has a child migrate a file under strace.
func straced(t *testing.T, file, how, log string) (out []byte, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, "strace", "-f", "-qq", "-y", "-s", "0", "--seccomp-bpf", "-e", "signal=none", "-e", how, "-o", log,
		os.Args[0], "-test.run=^TestMigrationsMayBeKilledAnywhere$")
	child.Env = append(os.Environ(), migrateFile+"="+file)
	out, err = child.CombinedOutput()
	if ctx.Err() != nil {
		return out, ctx.Err() // a kill of ours is not strace's
	}
	return out, err
}

// copied copies a database with what stands beside it, on a disk of which fsync
// takes its time.
func copied(t *testing.T, from string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "serverdb.sqlite")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + suffix)
		if os.IsNotExist(err) && suffix != "" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// looked runs fn on a file behind the store's back.
func looked(t *testing.T, file string, fn func(*sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	fn(db)
}

// defined gives the definitions of everything that a file has.
func defined(t *testing.T, file string) (text string) {
	t.Helper()
	looked(t, copied(t, file), func(db *sql.DB) {
		text = selected(t, db, `SELECT type, name, tbl_name, sql FROM sqlite_master`)
	})
	return text
}

// versionOf gives the newest migration that a file says it has.
func versionOf(t *testing.T, file string) (version int64) {
	t.Helper()
	looked(t, file, func(db *sql.DB) {
		if err := db.QueryRowContext(context.Background(), `SELECT MAX(version_id) FROM goose_db_version`).Scan(&version); err != nil {
			t.Fatal(err)
		}
	})
	return version
}

// rows gives what stands in a file's tables, but for when it was migrated.
func rows(t *testing.T, file string) string {
	t.Helper()
	var all strings.Builder
	looked(t, file, func(db *sql.DB) {
		for _, table := range tables(t, db) {
			query := `SELECT * FROM "` + table + `"`
			if table == "goose_db_version" {
				query = `SELECT version_id, is_applied FROM goose_db_version`
			}
			fmt.Fprintf(&all, "%s:\n%s", table, selected(t, db, query))
		}
	})
	return all.String()
}

// selected gives a query's rows as lines in order.
func selected(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for found.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(sql.RawBytes)
		}
		if err := found.Scan(row...); err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		for _, cell := range row {
			fmt.Fprintf(&line, "%q ", *cell.(*sql.RawBytes))
		}
		lines = append(lines, line.String())
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
