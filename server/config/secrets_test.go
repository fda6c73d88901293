package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPasswordsComeFromFilesOfTheirOwn(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		want       string // part of the error
	}{
		{"a file of the owner's", "s3cret\n", 0o600, ""},
		{"a file of the group's", "s3cret\r\n", 0o640, ""},
		{"a file that everybody can read", "s3cret\n", 0o644, "chmod 0600"},
		{"an empty file", "\n", 0o600, "one line"},
		{"a file with more in it", "s3cret\nanother\n", 0o600, "one line"},
		{"a file that is something else", strings.Repeat("x", 2000), 0o600, "no small file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "bmc.password"), tt.text, tt.mode)
			conf := filepath.Join(dir, "firstlight.yaml")
			write(t, conf, "interfaces: [{name: eth1}]\nsite: {name: a, domain: b.c,\n  bmc: {user: root, password_file: bmc.password}}\n", 0o644)
			c, err := Load(conf)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), ":3: site.bmc.password_file:") {
					t.Errorf("Load() = %v, want line 3 and %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := string(c.Site.BMC.Password); got != "s3cret" {
				t.Errorf("password = %q, want s3cret", got)
			}
		})
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
