package store_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// byPassword is the URL of a database through the port, which asks for a
// password, with what else is to be said.
func byPassword(s *pgtest.Server, name string, more url.Values) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&%s", pgtest.User, s.Port(), name, more.Encode())
}

// passwordFile writes one in the form of libpq.
func passwordFile(t *testing.T, password string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(path, []byte("*:*:*:*:"+password+"\n"), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestServersThatCannotBeReliedOn opens databases that were made, or set, so
// that order or durability could not be promised.
func TestServersThatCannotBeReliedOn(t *testing.T) {
	s := pgtest.Shared(t)
	sql := func(text string) func(string) {
		return func(name string) { s.Run(t, "psql", "--quiet", "--command="+fmt.Sprintf(text, name), "postgres") }
	}
	for _, tt := range []struct {
		name    string
		options []string
		then    func(string)
		says    string
	}{
		{"another encoding", []string{"--encoding=LATIN1", "--locale=C"}, nil, "its encoding is LATIN1 and its collation C, want UTF8 and C"},
		{"another order", []string{"--encoding=UTF8", "--locale=C", "--lc-collate=C.UTF-8"}, nil, "its collation C.UTF-8, want UTF8 and C, so that names have one order everywhere; make another: createdb --template=template0 --encoding=UTF8 --locale=C --owner=postgres test"},
		{"ICU's order", []string{"--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=und"}, nil, "make another: createdb"},
		{"commits that are not waited for", nil, sql(`ALTER DATABASE %s SET synchronous_commit = off`), `are "on on f f", want "on on t f"`},
		{"read-only", nil, sql(`ALTER DATABASE %s SET default_transaction_read_only = on`), "name the primary"},
		{"a version that is too old", nil, func(name string) {
			s.Run(t, "psql", "--quiet", "--command="+asOfVersion14, name)
			s.Run(t, "psql", "--quiet", "--command=ALTER DATABASE "+name+" SET search_path = old, pg_catalog", name)
		}, "it is PostgreSQL 14, want 15 or newer; upgrade the server"},
		{"closed to everybody", nil, sql(`ALTER DATABASE %s ALLOW_CONNECTIONS = off`), "not currently accepting connections"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.options == nil {
				tt.options = []string{"--encoding=UTF8", "--locale=C"}
			}
			place := s.Database(t, tt.options...)
			if tt.then != nil {
				tt.then(databaseOf(place))
			}
			refusedPlace(t, place, tt.says)
		})
	}
}

// asOfVersion14 lets a server say that it is one of version 14.
const asOfVersion14 = `CREATE SCHEMA old; CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql
	AS $$ SELECT CASE name WHEN 'server_version_num' THEN '140012' ELSE pg_catalog.current_setting(name) END $$`

func databaseOf(place string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(place, "postgres://"+pgtest.User+"@/"), "?")
	return name
}

func refusedPlace(t *testing.T, place, says string) {
	t.Helper()
	s, err := store.Open(t.Context(), place)
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	sentence(t, err, store.Name(place), nil, says)
}

func TestServersThatCannotBeReached(t *testing.T) {
	s := pgtest.Shared(t)
	good := databaseOf(pgtest.Database(t))
	s.Run(t, "psql", "--quiet", "--command=CREATE ROLE guest LOGIN", good)
	readable := passwordFile(t, pgtest.Password, 0o644)
	for _, tt := range []struct{ name, place, says string }{
		{"no such database", s.URL("nowhere"), "make it: createdb --template=template0 --encoding=UTF8 --locale=C --owner=postgres nowhere"},
		{"a user who may not make tables", strings.Replace(s.URL(good), pgtest.User+"@", "guest@", 1), "let the user own it: ALTER DATABASE " + good + " OWNER TO guest"},
		{"no password", byPassword(s, good, nil), "password"},
		{"a wrong password", byPassword(s, good, url.Values{"passfile": {passwordFile(t, "wrong", 0o600)}}), "correct the user, the password file or pg_hba.conf"},
		{"a password file that is not there", byPassword(s, good, url.Values{"passfile": {"/nonexistent"}}), "/nonexistent: no such file"},
		{"a password file for everybody", byPassword(s, good, url.Values{"passfile": {readable}}), "has mode 0644, so that others can read it: chmod 0600 " + readable},
		{"a root certificate that is not there", "postgres://db.example/firstlight?sslmode=verify-full&sslrootcert=/nonexistent", "/nonexistent"},
		{"nobody listens", "postgres://a@127.0.0.1:1/firstlight?sslmode=disable", store.ErrAway.Error()},
		{"no such socket", "postgres://a@/firstlight?host=/nonexistent", store.ErrAway.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) { refusedPlace(t, tt.place, tt.says) })
	}
	storetest.Kept(t, filled(t, byPassword(s, good, url.Values{"passfile": {passwordFile(t, pgtest.Password, 0o600)}})), storetest.Newest)
	t.Setenv("PGPASSFILE", passwordFile(t, pgtest.Password, 0o600))
	storetest.Kept(t, opened(t, byPassword(s, good, nil)), storetest.Newest)
}

func filled(t *testing.T, place string) *store.Store {
	t.Helper()
	s := opened(t, place)
	if err := s.Update(t.Context(), storetest.Fill); err != nil {
		t.Fatal(err)
	}
	return s
}

// A password stands in no error and in no name, however the URL is wrong.
func TestPasswordsAreNotTold(t *testing.T) {
	const secret = "Tr0ub4dor"
	for _, place := range []string{
		"postgres://ada:%s@127.0.0.1:1/db",
		"postgresql://ada:%s@127.0.0.1:1/db?connect_timeout=1",
		"postgres://ada@127.0.0.1:1/db?password=%s",
		"postgres://ada:%s@127.0.0.1:port/db",
		"postgres://ada:p/%s@127.0.0.1:1/db",
		"postgres://ada:p#%s@127.0.0.1:1/db",
		"postgres://ada:p?%s@127.0.0.1:1/db",
		"postgres://ada:p%%zz%s@127.0.0.1:1/db",
		"postgres://ada:p@%s@127.0.0.1:1/db",
		"postgres://ada:%s@[::1/db",
		"postgres://127.0.0.1:1/db?sslmode=%s",
		"postgres://127.0.0.1:1/db?connect_timeout=%s",
		"postgres://127.0.0.1:1/db?passfile=/x&sslpassword=%s",
	} {
		place = fmt.Sprintf(place, secret)
		s, err := store.Open(t.Context(), place)
		if err == nil {
			_ = s.Close()
			t.Fatalf("%s was opened", place)
		}
		if text := err.Error() + store.Name(place); strings.Contains(text, secret) {
			t.Errorf("%s: %s", place, text)
		}
	}
}
