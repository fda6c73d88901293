package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"firstlight/server/serverdb/pgtest"
)

// TestJourneysOnPostgreSQL drives the real program with a PostgreSQL database of
// each script's own: $DATABASE names it, and $PGPASSFILE has the password. The
// command postgresql stops and starts the server.
func TestJourneysOnPostgreSQL(t *testing.T) {
	server := pgtest.Start(t)
	pass := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(pass, []byte("*:*:*:*:"+pgtest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/postgresql",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DATABASE", server.ByPassword(server.Database(t, "--encoding=UTF8", "--locale=C")))
			e.Setenv("OTHER_ORDER", server.ByPassword(server.Database(t, "--encoding=UTF8", "--locale=C.UTF-8")))
			e.Setenv("PGPASSFILE", pass)
			return layNetwork(e, 200)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"until": until, "config": writeConfig,
			"postgresql": func(ts *testscript.TestScript, neg bool, args []string) {
				do := map[string]func() error{"stop": server.Stop, "start": server.Start}
				if neg || len(args) != 1 || do[args[0]] == nil {
					ts.Fatalf("usage: postgresql stop|start")
				}
				ts.Check(do[args[0]]())
			},
		},
	})
}
