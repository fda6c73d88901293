package config

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"firstlight/server/oob"
)

// readLogin reads user and password_file. A password in the configuration
// would end in backups, tickets and version control.
func readLogin(s *section) Login {
	for _, e := range s.keys {
		if e.name == "password" {
			s.bad(e.line, s.at("password"), "passwords do not stand in this file: put it into a file of mode 0600 and name that with password_file")
			s.known = append(s.known, "password")
		}
	}
	s.need("user", "the user to log in as")
	s.need("password_file", "the file that holds the password")
	l := Login{
		User: one(s, "user", "", text), file: one(s, "password_file", "", text),
		line: s.lineOf("password_file"), key: s.at("password_file"),
	}
	if s.path == "site.bmc" {
		s.done()
	}
	return l
}

// secrets reads the files with passwords.
func (c *Config) secrets(path string) error {
	var problems Problems
	read := func(l *Login) {
		file := l.file
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(path), file)
		}
		var err error
		if l.Password, err = secret(file); err != nil {
			problems = append(problems, Problem{File: path, Line: l.line, Key: l.key, Text: err.Error()})
		}
	}
	if c.Site.BMC != nil {
		read(c.Site.BMC)
	}
	for i := range c.Vendors {
		read(&c.Vendors[i].Login)
	}
	return problems.orNil()
}

// maxSecret is longer than any BMC's password.
const maxSecret = 1024

// secret reads a password: the first line of a file that others cannot read.
func secret(file string) (oob.Secret, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("%s has mode %04o, so that everybody on this machine can read it: chmod 0600 %s", file, info.Mode().Perm(), file)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return "", fmt.Errorf("%s is no small file: want one line with the password", file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line, rest, _ := strings.Cut(string(b), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" || strings.TrimSpace(rest) != "" {
		return "", fmt.Errorf("%s: want one line with the password", file)
	}
	return oob.Secret(line), nil
}

// sshKey checks a public key as far as authorized_keys asks: a type, and that
// the key itself is of this type (RFC 4253 §6.6).
func sshKey(s string) (string, error) {
	f := strings.Fields(s)
	want := errors.New(`want one public key as in authorized_keys, such as "ssh-ed25519 AAAA… ann@desk"`)
	if len(f) < 2 || !slices.Contains([]string{"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"}, f[0]) {
		return "", want
	}
	b, err := base64.StdEncoding.DecodeString(f[1])
	if err != nil || len(b) < 4 || strings.ContainsAny(s, "\n\r") {
		return "", want
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n)+4 > uint64(len(b)) || string(b[4:4+n]) != f[0] {
		return "", want
	}
	return s, nil
}
