package client

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	const rack = `{"socket": "sock"}`
	const own = `{"url": "https://own:8443", "ca_file": "ca.crt", "token_file": "/own/token"}`
	for _, tt := range []struct {
		name      string
		flags     Place
		env       map[string]string
		rack, own string // client.json, where there is one
		local     bool   // an appliance runs on this host
		want      Place
		err       string
	}{
		{name: "flags are the strongest", flags: Place{URL: "https://flag"}, env: map[string]string{"FIRSTLIGHT_URL": "https://env"}, rack: rack, own: own, local: true, want: Place{URL: "https://flag"}},
		{name: "then the environment", env: map[string]string{"FIRSTLIGHT_URL": "https://env", "FIRSTLIGHT_CA_FILE": "/ca"}, rack: rack, own: own, want: Place{URL: "https://env", CAFile: "/ca"}},
		{name: "then the rack of the checkout, from a folder below it", rack: rack, own: own, local: true, want: Place{Socket: "CHECKOUT/.run/sock"}},
		{name: "then the user's own, with paths from its folder", own: own, local: true, want: Place{URL: "https://own:8443", CAFile: "CONFIG/ca.crt", TokenFile: "/own/token"}},
		{name: "then the socket of this host", local: true, want: Place{Socket: "LOCAL"}},
		{name: "a flag may give what a weaker source leaves open", flags: Place{TokenFile: "/nightly"}, own: own, want: Place{URL: "https://own:8443", CAFile: "CONFIG/ca.crt", TokenFile: "/nightly"}},
		{name: "the token of a weaker source never goes to another appliance", flags: Place{URL: "https://flag"}, own: own, want: Place{URL: "https://flag"}},
		{name: "nowhere says what to do", err: "no appliance is known here: give --url"},
		{name: "two at once are refused", flags: Place{URL: "https://flag", Socket: "/sock"}, err: "name two appliances: give one of them"},
		{name: "a file that is none is told by its path", rack: "{", err: ".run/client.json is not a client.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := lay(t, tt.rack, tt.own, tt.local)
			s.Getenv = func(key string) string { return tt.env[key] }
			got, err := s.Find(tt.flags)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("Find() = %v, want %q", err, tt.err)
			}
			paths := strings.NewReplacer("CHECKOUT", filepath.Dir(filepath.Dir(s.WorkDir)), "CONFIG", s.Config, "LOCAL", s.Socket)
			tt.want.Socket, tt.want.CAFile = paths.Replace(tt.want.Socket), paths.Replace(tt.want.CAFile)
			if err == nil && got != tt.want {
				t.Errorf("Find() = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// lay puts the sources into a folder of the test.
func lay(t *testing.T, rack, own string, local bool) System {
	t.Helper()
	dir := t.TempDir()
	s := System{WorkDir: filepath.Join(dir, "deep", "er"), Config: filepath.Join(dir, "config"), Socket: filepath.Join(dir, "local")}
	for path, text := range map[string]string{filepath.Join(dir, ".run"): rack, s.Config: own} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(path, "client.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if local {
		l, err := net.Listen("unix", s.Socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	return s
}

func TestASavedPlaceIsFoundAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "firstlight")
	token, err := SaveToken(dir, "fl_secret")
	if err != nil {
		t.Fatal(err)
	}
	want := Place{URL: "https://host:8443", TokenFile: token}
	for range 2 { // the second log-in replaces the first
		path, err := SavePlace(dir, want)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("Stat() = %v, %v, want mode 0600", info.Mode(), err)
		}
	}
	s := System{Getenv: func(string) string { return "" }, Config: dir}
	if got, err := s.Find(Place{}); err != nil || got != want {
		t.Fatalf("Find() = %+v, %v, want %+v", got, err, want)
	}
	if got, err := readToken(token); err != nil || got != "fl_secret" {
		t.Errorf("readToken() = %q, %v", got, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("%v were left behind", left)
	}
}

func TestOpenRefusesWhatWouldShowTheToken(t *testing.T) {
	for _, url := range []string{"http://appliance.example", "ftp://appliance", "appliance:8443", "", "https://"} {
		if _, err := Open(Place{URL: url}); err == nil || !strings.Contains(err.Error(), "want https://HOST:PORT") {
			t.Errorf("Open(%q) = %v, want a refusal", url, err)
		}
	}
	for _, url := range []string{"https://appliance.example:8443", "http://127.0.0.1:8080", "http://localhost"} {
		if _, err := Open(Place{URL: url}); err != nil {
			t.Errorf("Open(%q) = %v, want none", url, err)
		}
	}
}

func TestNobodyThereIsUnreachable(t *testing.T) {
	c, err := Open(Place{Socket: filepath.Join(t.TempDir(), "none")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), "/me", nil, nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("Get() = %v, want ErrUnreachable", err)
	}
}
