package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

// newPostgres reads a URL as libpq does, with the PG… variables and the password
// file. What it says of a bad one holds nothing of the URL, because a password
// may stand anywhere in that.
func newPostgres(place string) (d postgres, err error) {
	if err := passfile(place); err != nil {
		return d, err
	}
	config, err := pgx.ParseConfig(place)
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		return d, fmt.Errorf("a file that its URL names: %w", file)
	}
	// A password with an @ of its own would be taken for a part of the host.
	if err != nil || strings.Contains(config.Host, "@") {
		return d, errors.New("its URL is not right: want postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full&passfile=FILE, with %XX in place of special characters")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = dialTimeout
	}
	return postgres{config: config}, nil
}

// passfile refuses a password file that the driver would pass over without a
// word.
func passfile(place string) error {
	_, query, _ := strings.Cut(place, "?")
	q, err := url.ParseQuery(query)
	if err != nil || q.Get("passfile") == "" {
		return nil // the driver says what is wrong with the rest
	}
	path := q.Get("passfile")
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("password file %s has mode %04o, so that others can read it: chmod 0600 %s", path, info.Mode().Perm(), path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// Name gives a database's place as it may be shown: without a password.
func Name(place string) string {
	if !isURL(place) {
		return place
	}
	if d, err := newPostgres(place); err == nil {
		return d.String()
	}
	scheme, _, _ := strings.Cut(place, "//")
	return scheme + "//…"
}
