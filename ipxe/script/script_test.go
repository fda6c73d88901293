package script

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

const base = "http://192.0.2.1:8080"

// scripts are the golden ones: each form says the same.
var scripts = []struct {
	golden string
	write  func(io.Writer, Form) error
}{
	{"entry", func(w io.Writer, f Form) error { return Entry(w, f, EntryValues{Base: base}) }},
	{"agent", func(w io.Writer, f Form) error {
		return Agent(w, f, AgentValues{
			Architecture: "amd64", Base: base, Machine: "ams1-web-7", Reason: "status provisioning, it's job 17",
			Args: []string{"console=tty0", "console=ttyS0,115200", "firstlight.url=http://192.0.2.1:8080"},
		})
	}},
	{"agent-overlays", func(w io.Writer, f Form) error {
		return Agent(w, f, AgentValues{Architecture: "amd64", Base: base, Machine: "ams1-web-7", Overlays: []string{"bna", "cxgb4"}})
	}},
	{"agent-unknown", func(w io.Writer, f Form) error {
		return Agent(w, f, AgentValues{Architecture: "amd64", Base: "https://[2001:db8::1]", Machine: "52:54:00:12:34:56"})
	}},
	{"disk", func(w io.Writer, f Form) error {
		return Disk(w, f, DiskValues{Machine: "ams1-web-7", Reason: "in use"})
	}},
	{"wait", func(w io.Writer, f Form) error {
		return Wait(w, f, WaitValues{Base: base, Machine: "52:54:00:12:34:56", Reason: "the database is not ready"})
	}},
}

func TestScriptsAreTheGoldenOnes(t *testing.T) {
	for _, test := range scripts {
		for _, form := range []Form{IPXE, GRUB} {
			t.Run(test.golden+"."+string(form), func(t *testing.T) {
				golden(t, test.golden+"."+string(form), func(w io.Writer) error { return test.write(w, form) })
			})
		}
	}
	// What GRUB alone has.
	golden(t, "config.grub", func(w io.Writer) error { return Config(w, ConfigValues{Port: 8080}) })
	golden(t, "refused.grub", func(w io.Writer) error { return Refused(w, RefusedValues{Reason: "it's $(reboot)"}) })
}

// golden compares a script with its file. GRUB's must be some to GRUB itself.
func golden(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var got bytes.Buffer
	if err := write(&got); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	compareGolden(t, path, got.String())
	if strings.HasSuffix(name, ".grub") {
		if out, err := exec.CommandContext(t.Context(), "grub-script-check", path).CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
			t.Skip("SKIPPED: grub-script-check is not installed: make deps; GRUB's opinion of the scripts was not asked")
		} else if err != nil {
			t.Errorf("%s: %v: %s", path, err, out)
		}
	}
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", path, diff)
	}
}

func TestValuesThatAreNotOnePlainWordAreRefused(t *testing.T) {
	tests := []struct{ name, value, says string }{
		{"an empty value", "", "is empty"},
		{"a blank", "web 7", `' ' at byte 3`},
		{"a newline", "web7\nshell", `'\n' at byte 4`},
		{"a carriage return", "web7\r", `'\r' at byte 4`},
		{"a NUL", "web7\x00", `'\x00' at byte 4`},
		{"a setting", "${netX/mac}", `'$' at byte 0`},
		{"an or", "x||shell", `'|' at byte 1`},
		{"an and", "x&&shell", "contains &&"},
		{"a semicolon", "x;shell", `';' at byte 1`},
		{"a comment", "#web7", `'#' at byte 0`},
		{"an option", "--help", "begins with a hyphen"},
		{"a double quote", `web"7`, `'"' at byte 3`},
		{"a single quote", "web'7", `'\'' at byte 3`},
		{"a letter beyond ASCII", "wéb7", `at byte 1`},
		{"more than 255 bytes", strings.Repeat("x", 256), "has 256 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := Agent(&out, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: test.value})
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "machine ") {
				t.Errorf("Agent(machine %q) = %v, want an error that names the field and says %q", test.value, err, test.says)
			}
			err = Agent(&out, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: "web7", Args: []string{"quiet", test.value}})
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "kernel argument 2 ") {
				t.Errorf("Agent(argument %q) = %v, want an error that names the field and says %q", test.value, err, test.says)
			}
			if out.Len() > 0 {
				t.Errorf("Agent wrote %q beside its error, want nothing", out.String())
			}
		})
	}
}

func TestBaseIsAURLWithNothingAfterTheHost(t *testing.T) {
	for _, bad := range []string{
		"192.0.2.1", "ftp://192.0.2.1", "http://", "http://192.0.2.1/", "http://192.0.2.1/x",
		"http://192.0.2.1?x=1", "http://u@192.0.2.1", "http://192.0.2.1:port", "http://192.0.2.1%zz", "http://a b",
	} {
		if err := Entry(io.Discard, IPXE, EntryValues{Base: bad}); err == nil || !strings.Contains(err.Error(), "base ") {
			t.Errorf("Entry(base %q) = %v, want an error that names base", bad, err)
		}
	}
}

func TestKernelArgumentsFitTheCommandLine(t *testing.T) {
	args := strings.Fields(strings.Repeat("twenty.characters=12 ", 100))
	err := Agent(io.Discard, IPXE, AgentValues{Architecture: "amd64", Base: base, Machine: "web7", Args: args})
	if err == nil || !strings.Contains(err.Error(), "have 2100 bytes together") {
		t.Errorf("Agent(2100 bytes of arguments) = %v, want an error that says so", err)
	}
}

func TestReasonsBecomePlainWords(t *testing.T) {
	tests := []struct{ name, reason, want string }{
		{"a sentence stays", "in use, since 14:02 (job 17)!", "in use, since 14:02 (job 17)!"},
		{"a semicolon becomes a comma", "held; release it", "held, release it"},
		{"a setting is broken", "label ${shell}", "label ??shell?"},
		{"commands are broken", "a || shell && b # c", "a ?? shell ?? b ? c"},
		{"lines are joined", "a\nshell\r\n\tb", "a shell b"},
		{"letters beyond ASCII are replaced", "Größe", "Gr??e"},
		{"length is bounded", strings.Repeat("long ", 100), strings.Repeat("long ", 29) + "lo..."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := plain(test.reason); got != test.want {
				t.Errorf("plain(%q) = %q, want %q", test.reason, got, test.want)
			}
		})
	}
}

type brokenWriter struct{}

var errBroken = errors.New("connection reset")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrorsAreReported(t *testing.T) {
	if err := Disk(brokenWriter{}, IPXE, DiskValues{Machine: "web7"}); !errors.Is(err, errBroken) {
		t.Errorf("Disk(broken writer) = %v, want %v", err, errBroken)
	}
}
