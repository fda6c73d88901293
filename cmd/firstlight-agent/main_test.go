package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// agent is the program, built as make build does.
var agent string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "firstlight-agent")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	agent = filepath.Join(dir, "firstlight-agent")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", agent, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		panic(string(out))
	}
	// Other users run it too.
	if err := os.Chmod(dir, 0o755); err != nil {
		panic(err)
	}
	return m.Run()
}

// patience bounds every program that a test waits for.
const patience = time.Minute

// program runs one and gives what it prints, what it complains and its code.
func program(t *testing.T, name string, args ...string) (out, diag string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// needs skips a test that needs root or lacks a tool.
func needs(t *testing.T, tools ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: another user and namespaces need root; nothing was tested")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed; nothing was tested", tool)
		}
	}
}

// Whoever runs it in a container, or types the word that PID 1 says to its child,
// must not get an agent that loads modules and takes an address.
func TestOnlyInitIsTheBootImagesAgent(t *testing.T) {
	needs(t, "unshare")
	for _, tt := range []struct {
		name string
		args []string
		want int
	}{
		{"the first process", []string{"version"}, exitOK},
		{"the first process, with nothing to do", nil, exitUsage},
		{"the word", []string{"boot"}, exitUsage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// The namespaces take with them what a mistake would do.
			args := append([]string{"--pid", "--fork", "--kill-child", "--mount", "--net", agent}, tt.args...)
			if _, diag, code := program(t, "unshare", args...); code != tt.want {
				t.Errorf("it ends with %d, want %d:\n%s", code, tt.want, diag)
			}
		})
	}
}

// The boot image carries it into memory, and people copy it to their servers.
func TestItStaysSmall(t *testing.T) {
	info, err := os.Stat(agent)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 9.5e6 {
		t.Errorf("it has %d bytes, want at most 9,500,000", info.Size())
	}
	out, diag, code := program(t, "go", "list", "-deps", ".")
	if code != 0 {
		t.Fatal(diag)
	}
	for _, heavy := range []string{"html/template", "text/template", "github.com/gin-gonic/gin", "github.com/alecthomas/kong"} {
		if slices.Contains(strings.Fields(out), heavy) {
			t.Errorf("it carries %s, which keeps the linker from leaving out what nobody calls", heavy)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args      string
		code      int
		out, diag string
	}{
		{"", exitUsage, "", "usage:"},
		{"--help", exitOK, "usage:", ""},
		{"help", exitOK, "usage:", ""},
		{"report -h", exitOK, "usage:", ""},
		{"version", exitOK, "\n", ""},
		{"reboot", exitUsage, "", `there is no command "reboot"`},
		{"report now", exitUsage, "", `report takes no "now"`},
		{"report --from", exitUsage, "", "report: flag provided but not defined: -from"},
		{"version --from-os", exitUsage, "", "version: flag provided but not defined"},
		{"report --reason x", exitUsage, "", "go with --to"},
		{"report --to https://h --token-file t --reason x", exitUsage, "", "--to needs --from-os"},
		{"report --from-os --pretty --to https://h --token-file t --reason x", exitUsage, "", "--pretty is for a report that is printed"},
		{"report --from-os --to https://h --reason x", exitUsage, "", "--to needs --token-file"},
		{"report --from-os --to https://h --token-file t", exitUsage, "", "--to needs --reason"},
		{"report --from-os --to h:8443 --token-file t --reason x", exitUsage, "", "want the appliance as https://HOST:8443"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			var out, diag bytes.Buffer
			if code := run(strings.Fields(tt.args), &out, &diag); code != tt.code {
				t.Errorf("it ends with %d, want %d", code, tt.code)
			}
			for _, said := range []struct{ got, want string }{{out.String(), tt.out}, {diag.String(), tt.diag}} {
				if !strings.Contains(said.got, said.want) || said.want == "" && said.got != "" {
					t.Errorf("it says %q, want %q", said.got, said.want)
				}
			}
		})
	}
}
