package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"firstlight/server/api"
)

// mayHold are the files of the state folder that are secrets themselves.
var mayHold = map[string]bool{"ca.key": true, "credentials.key": true}

// look searches everything.
func (r *secretRun) look() {
	r.in("answers to what was refused, and commands", r.shown)
	for what, secret := range r.canaries {
		if strings.Contains(what, "session of the first admin") {
			r.cookie = secret
		}
	}
	r.inAnswers()
	r.inPages()
	r.inCommands()
	r.inProcess()
	r.inBackups()
	r.inBundle()
	r.stop()
	r.inFiles()
	// The code for the first admin is printed for the person at the console, and
	// is used up by now.
	r.in("logs and console", []byte(r.printed()))
}

// in looks for every secret in some text, as it is and in the usual disguises.
func (r *secretRun) in(place string, text []byte) {
	r.Helper()
	r.looked++
	for what, secret := range r.canaries {
		for form, disguised := range disguises(secret) {
			if i := bytes.Index(text, disguised); i >= 0 {
				r.Errorf("the %s (%s) stands in %s: …%q…", what, form, place, text[max(0, i-60):min(len(text), i+60)])
			}
		}
	}
}

// disguises are how a secret may stand in a text. Base64 hides it in three
// ways, by where it begins.
func disguises(secret string) map[string][]byte {
	all := map[string][]byte{"as it is": []byte(secret), "in hex": []byte(hex.EncodeToString([]byte(secret)))}
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		all[fmt.Sprintf("in base64 from %d", shift)] = []byte(text[(shift*8+5)/6 : (shift+len(secret))*8/6])
	}
	return all
}

// inAnswers asks every operation that reads.
func (r *secretRun) inAnswers() {
	_, text := r.send(http.MethodGet, secretsDoor+api.Prefix+"/openapi.json", "", "")
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	r.must(json.Unmarshal(text, &document))
	var jobs struct{ Items []api.Job }
	r.ask(http.MethodGet, "/jobs", nil, &jobs)
	fill := strings.NewReplacer("{ref}", "C0MPUT3", "{id}", jobs.Items[0].ID, "{name}", "lon6", "{certname}", "lon6-db-1.lon6.example", "{serial}", "C0MPUT3")
	for path, methods := range document.Paths {
		if methods["get"] == nil || path == "/events" || path == "/backup" {
			continue
		}
		_, got := r.send(http.MethodGet, secretsDoor+api.Prefix+fill.Replace(path), "", "")
		r.in("GET "+path, got)
	}
	for _, path := range []string{"/audit/export?form=csv", "/export?form=csv", "/export?form=json", "/users/grace", "/audit?limit=500"} {
		_, got := r.send(http.MethodGet, secretsDoor+api.Prefix+path, "", "")
		r.in("GET "+path, got)
	}
	for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/goroutine?debug=2"} {
		res, got := r.send(http.MethodGet, secretsDoor+path, "", "")
		if res.StatusCode != http.StatusOK {
			r.Errorf("GET %s = %d", path, res.StatusCode)
		}
		r.in(path, got)
	}
}

// inPages follows every link.
func (r *secretRun) inPages() {
	link := regexp.MustCompile(`(?:href|src)="(/[^"#]*)`)
	seen := map[string]bool{"/": true}
	for next := []string{"/"}; len(next) > 0; next = next[1:] {
		_, page := r.send(http.MethodGet, secretsDoor+next[0], "", "")
		r.in("the page "+next[0], page)
		for _, found := range link.FindAllSubmatch(page, -1) {
			path := strings.ReplaceAll(string(found[1]), "&amp;", "&")
			if !seen[path] && len(seen) < 200 && !strings.HasPrefix(path, "/static/") && !strings.Contains(path, "/backup") && !strings.Contains(path, "/events") {
				seen[path] = true
				next = append(next, path)
			}
		}
	}
	if len(seen) < 15 {
		r.Errorf("only %d pages were found: the test looks at too little", len(seen))
	}
}

func (r *secretRun) inCommands() {
	for _, line := range []string{
		"machine ls -o wide", "machine show C0MPUT3 -o yaml", "machine timeline C0MPUT3", "job ls -o json", "user ls -o json", "token ls -o json",
		"audit ls -o csv", "export", "health", "stranger ls", "boot explain C0MPUT3", "enc lon6-db-1.lon6.example", "inventory --list", "key ls --config firstlight.yaml",
	} {
		r.in("firstlight "+line, []byte(r.command(strings.Fields(line)...)))
	}
}

// inProcess looks at what everybody on the host sees, and its environment.
func (r *secretRun) inProcess() {
	for _, name := range []string{"cmdline", "comm", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", r.child.Process.Pid, name))
		r.must(err)
		r.in("the process's "+name, text)
	}
}

// inBackups unpacks them; one with keys holds keys and nothing that they open.
func (r *secretRun) inBackups() {
	for _, args := range [][]string{{"backup", "plain.backup"}, {"backup", "--keys", "keys.backup"}} {
		r.command(args...)
		name := filepath.Join(r.dir, args[len(args)-1])
		packed, err := os.Open(name)
		r.must(err)
		unpack, err := zstd.NewReader(packed)
		r.must(err)
		text, err := io.ReadAll(unpack)
		r.must(err, packed.Close())
		if !bytes.Contains(text, []byte("C0MPUT3")) {
			r.Errorf("%s does not hold the machine: the test looks at nothing", name)
		}
		r.in(name, text)
	}
	r.must(os.WriteFile(filepath.Join(r.dir, "other.yaml"), []byte(strings.Replace(secretsConfig, "state: state", "state: other", 1)), 0o600))
	r.noDatabase("firstlight:"+r.canary("password of a database in an argument"), "", "holds a password")
	r.noDatabase("firstlight", "PGPASSWORD="+r.canary("password of a database"), "127.0.0.1:1")
}

// inBundle unpacks what is taken out of the house about the machine.
func (r *secretRun) inBundle() {
	name := filepath.Join(r.dir, "it.zip")
	r.command("boot", "bundle", "C0MPUT3", name)
	z, err := zip.OpenReader(name)
	r.must(err)
	for _, f := range z.File {
		in, err := f.Open()
		r.must(err)
		text, err := io.ReadAll(in)
		r.must(err, in.Close())
		r.in(f.Name+" of the bundle", text)
	}
	if len(z.File) < 10 {
		r.Errorf("the bundle has %d files: the test looks at nothing", len(z.File))
	}
	r.must(z.Close())
}

// inFiles reads the state folder, raw: the database, its WAL, sockets' names and
// all.
func (r *secretRun) inFiles() {
	err := filepath.WalkDir(r.state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || mayHold[d.Name()] {
			return err
		}
		text, err := os.ReadFile(path)
		r.in(path, text)
		return err
	})
	r.must(err)
	r.in("the configuration", []byte(secretsConfig))
}

// TestDisguisesAreSeen keeps the search honest: what it cannot see, it cannot
// miss.
func TestDisguisesAreSeen(t *testing.T) {
	const secret = "Canary00q1795693072203633071Zx"
	for _, before := range []string{"", "a", "ab", "abc", "abcd"} {
		plain := before + secret + "after"
		for _, text := range []string{plain, hex.EncodeToString([]byte(plain)), base64.StdEncoding.EncodeToString([]byte(plain)), base64.RawStdEncoding.EncodeToString([]byte(plain))} {
			if !slices.ContainsFunc(slices.Collect(maps.Values(disguises(secret))), func(d []byte) bool { return strings.Contains(text, string(d)) }) {
				t.Errorf("nobody sees the secret in %s", text)
			}
		}
	}
}
