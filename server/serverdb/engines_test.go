package serverdb

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/storetest"
)

// onPostgreSQL has this binary run its tests on PostgreSQL.
const onPostgreSQL = "FIRSTLIGHT_TEST_POSTGRESQL"

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// file gives the place of a database of the test's own.
func file(t *testing.T) string {
	t.Helper()
	if os.Getenv(onPostgreSQL) != "" {
		return storetest.FreshOnServer(t)
	}
	return storetest.Fresh(t)
}

// absent gives the place of a database that is to be made there.
func absent(t *testing.T) string {
	t.Helper()
	if os.Getenv(onPostgreSQL) != "" {
		return pgtest.Database(t)
	}
	place := file(t)
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	return place
}

// driverOf is what reaches a database behind ServerDb's back.
func driverOf(place string) (driver, source string) {
	if strings.HasPrefix(place, "postgres://") {
		return "pgx", place
	}
	return "sqlite", "file:" + place
}

// eachEngine runs a test that knows of engines on both of them.
func eachEngine(t *testing.T, test func(t *testing.T, place string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, storetest.Fresh(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, storetest.FreshOnServer(t)) })
}

// leftOut are the tests that the second run on PostgreSQL leaves out, each with
// its reason.
var leftOut = map[string]string{
	"TestAFullDisk":                        "the disk is SQLite's own; a server's belongs to its host, and is away to us",
	"TestNothingIsAcknowledgedBeforeFsync": "strace reads SQLite's log frame by frame; a server syncs in processes of its own, by settings that each start asserts",
	"TestAFileThatAnotherProcessLocks":     "a server has no file that another process could lock; one that is silent is in TestAServerThatGoesAway",
	"TestACommitInDoubt":                   "breaks the wire to a server: always on PostgreSQL",
	"TestAServerThatGoesAway":              "stops a server of its own: always on PostgreSQL",
	"TestTheWriterStaysInTouch":            "stops a server of its own: always on PostgreSQL",
	"TestAnAwayDatabaseShutsNobodyOut":     "stops a server of its own: always on PostgreSQL",
	"TestWhatMustHoldHoldsOnSQLite":        "copies SQLite's files as a crash leaves them; the next one is the same on PostgreSQL",
	"TestWhatMustHoldHoldsOnPostgreSQL":    "crashes a server of its own: always on PostgreSQL",
	"TestTwoClaimsOnOneMachine":            "goes over both engines itself",
	"TestAllocatorsOfTwoProcesses":         "goes over both engines itself",
	"TestManyWritersWaitForNobody":         "goes over both engines itself",
	"TestEverythingAgainOnPostgreSQL":      "is this run itself",
	"TestWhatIsLeftOutOnPostgreSQLIsATest": "looks at this list, which knows no engine",
}

// TestWhatIsLeftOutOnPostgreSQLIsATest keeps a name from staying that no test
// has any more, for the next test of that name would be left out, too.
func TestWhatIsLeftOutOnPostgreSQLIsATest(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for name, why := range leftOut {
		if !strings.Contains(all.String(), "\nfunc "+name+"(t *testing.T)") || why == "" {
			t.Errorf("%s is left out on PostgreSQL because %q: there is no such test, or no reason", name, why)
		}
	}
}

// TestEverythingAgainOnPostgreSQL runs this package's tests once more: no
// answer may depend on the engine.
func TestEverythingAgainOnPostgreSQL(t *testing.T) {
	t.Parallel()
	pgtest.Shared(t) // or skip
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.skip=^("+strings.Join(slices.Sorted(maps.Keys(leftOut)), "|")+")$")
	child.Env = append(os.Environ(), onPostgreSQL+"=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("on PostgreSQL: %v\n%s", err, out)
	}
}
