// Package pgtest runs Debian's PostgreSQL for tests.
//
// A test binary has one server at most, in a temporary folder in memory, where
// fsync, which is on as in earnest, costs nothing: not for tests of what a power
// cut leaves behind. It has a Unix socket that trusts everybody who may open it
// and a port on loopback that asks for a password. Every test gets a database of
// its own on it. The server ends with the binary, however that ends. Only tests
// import it.
package pgtest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Main runs a package's tests and then ends the server that they shared.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.server == nil {
		return code
	}
	if err := shared.server.remove(); err != nil {
		fmt.Fprintln(os.Stderr, "end PostgreSQL:", err)
		return max(code, 1)
	}
	return code
}

// shared is the server of Database.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Database makes an empty database as ServerDb wants one, on the server of all
// tests, and gives its URL. It skips the test where PostgreSQL is missing.
func Database(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t, "--encoding=UTF8", "--locale=C")
}

// Shared gives the server of all tests. Whoever wants to stop one starts his own.
func Shared(t testing.TB) *Server {
	t.Helper()
	bin := programs(t)
	shared.once.Do(func() { shared.server, shared.err = start(bin) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Start starts a server for one test.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start(programs(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// programs finds the newest server that Debian installed; its programs are not
// in the path.
func programs(t testing.TB) string {
	t.Helper()
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(all) == 0 {
		t.Skip("SKIPPED: PostgreSQL is missing; install postgresql to have ServerDb tested on it")
	}
	return filepath.Dir(all[len(all)-1])
}

var databases atomic.Int64

// Database makes a database with options of createdb(1) and gives the URL that
// reaches it through the socket.
func (s *Server) Database(t testing.TB, options ...string) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	s.Run(t, append([]string{"createdb", "--template=template0", name}, options...)...)
	return s.URL(name)
}

// Copy makes a database that has what another has, which nobody may be
// connected to, and gives its URL.
func (s *Server) Copy(t testing.TB, from string) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	s.Run(t, "createdb", "--template="+nameOf(from), name)
	return s.URL(name)
}

// URL is that of a database through the socket, as the superuser.
func (s *Server) URL(name string) string {
	q := url.Values{"host": {s.dir}, "port": {fmt.Sprint(s.port)}}
	return "postgres://" + User + "@/" + name + "?" + q.Encode()
}

// ByPassword is the URL of a database through the port, which asks for Password.
func (s *Server) ByPassword(place string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", User, s.port, nameOf(place))
}

// nameOf is the name of the database that a URL of ours reaches.
func nameOf(place string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(place, "postgres://"+User+"@/"), "?")
	return name
}

// Run runs one of PostgreSQL's programs, which must succeed, on the server.
func (s *Server) Run(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.bin, args[0]), args[1:]...)
	cmd.Env = append(os.Environ(), "PGHOST="+s.dir, fmt.Sprintf("PGPORT=%d", s.port), "PGUSER="+User)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
