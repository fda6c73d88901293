package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// readDatabase reads the URL of a database.
func readDatabase(s *section) string {
	n := s.value("database")
	if n == nil {
		return ""
	}
	if n.kind != scalar {
		s.bad(n.line, s.at("database"), "want one value, found %s", n.kind)
		return ""
	}
	if err := DatabaseURL(n.text); err != nil {
		s.bad(n.line, s.at("database"), "%v", err)
		return ""
	}
	return n.text
}

// DatabaseURL refuses what names no PostgreSQL database, and passwords: they
// would show in files, logs and the list of processes. What it says of a bad one
// holds no more of it than the scheme, because a password may stand anywhere.
func DatabaseURL(text string) error {
	scheme, rest, isURL := strings.Cut(text, "://")
	switch {
	case !isURL && !strings.ContainsAny(text, "@:=?"):
		return fmt.Errorf("%q: %s", text, wantDatabase)
	case !isURL:
		return errors.New(wantDatabase)
	case scheme != "postgres" && scheme != "postgresql":
		return fmt.Errorf("%q: %s", scheme+"://…", wantDatabase)
	case hasPassword(rest):
		return errors.New("the URL holds a password, which others could read: put the line HOST:PORT:DATABASE:USER:PASSWORD into a file of mode 0600, and name that with ?passfile=FILE or the variable PGPASSFILE")
	}
	return nil
}

const wantDatabase = "want a PostgreSQL database such as postgres://USER@HOST/DATABASE; leave it out for SQLite in the state folder"

// hasPassword looks behind the scheme of a URL, however the password is spelled.
func hasPassword(rest string) bool {
	before, query, _ := strings.Cut(rest, "?")
	if at := strings.LastIndex(before, "@"); at >= 0 && strings.Contains(before[:at], ":") {
		return true
	}
	q, err := url.ParseQuery(query)
	return err != nil || q.Has("password") || q.Has("sslpassword")
}
