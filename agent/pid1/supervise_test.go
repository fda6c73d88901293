package pid1

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"firstlight/agent/identity"

	"golang.org/x/sys/unix"
)

// deaths are what this program does as a child, by the name that it is given.
var deaths = map[string]func(){
	"panics": func() {
		fmt.Fprintln(os.Stderr, "a word before")
		panic("boom")
	},
	"hangs": func() { hangs(90 * time.Second) },
	"gives up": func() {
		fmt.Fprintln(os.Stderr, "firstlight-agent: no address")
		os.Exit(1)
	},
	"is killed": func() { _ = unix.Kill(os.Getpid(), syscall.SIGKILL) },
	"leaves a child": func() { // which holds its stderr open
		c := exec.CommandContext(context.Background(), "sleep", "60")
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			panic(err)
		}
		fmt.Fprintln(os.Stderr, "panic:", c.Process.Pid)
		os.Exit(3)
	},
	"tells its key": func() {
		key, err := bootKey()
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(os.Stderr, "firstlight-agent: %x\n", key.Public())
		os.Exit(1)
	},
	"says much": func() {
		for i := range 10_000 {
			fmt.Fprintln(os.Stderr, "line", i)
		}
		os.Exit(4)
	},
}

func TestMain(m *testing.M) {
	if die := deaths[os.Args[0]]; die != nil {
		die()
	}
	os.Exit(m.Run())
}

func TestEveryEndOfTheAgentIsToldWithItsLastWords(t *testing.T) {
	for _, tt := range []struct {
		name, end, cause, output string
	}{
		{"panics", "exit code 2", "panic: boom", "goroutine 1 ["},
		{"hangs", "exit code 2", "panic: the agent's loop hangs: it should have been heard 1m30s ago", "goroutine 1 ["},
		{"gives up", "exit code 1", "firstlight-agent: no address", "no address"},
		{"is killed", "killed by SIGKILL", "", ""},
		{"leaves a child", "exit code 3", "panic: ", "panic: "},
		{"says much", "exit code 4", "", "line 9999\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var console strings.Builder
			began := time.Now()
			got := live([]string{tt.name}, identity.NewSeed(), &console)
			if tt.name == "leaves a child" {
				kill(t, got.Cause)
			}
			if got.End != tt.end || !strings.HasPrefix(got.Cause, tt.cause) || tt.cause == "" && got.Cause != "" || !strings.Contains(got.Output, tt.output) {
				t.Errorf("it ended %q because of %q, with %q; want %q, %q, %q", got.End, got.Cause, got.Output, tt.end, tt.cause, tt.output)
			}
			if shown := console.String(); !strings.Contains(shown, tt.output) || strings.Contains(got.Output, "a word before") || tt.name == "panics" && !strings.HasPrefix(shown, "a word before\n") {
				t.Errorf("the console shows %q", shown)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %v: whoever holds the pipe must not hold PID 1 up", took)
			}
		})
	}
}

func kill(t *testing.T, cause string) {
	t.Helper()
	var pid int
	if _, err := fmt.Sscanf(cause, "panic: %d", &pid); err != nil || pid < 2 {
		t.Fatalf("the child's child is %q", cause)
	}
	if err := unix.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// The boot token works once, with one key: an agent that is started anew has to
// have the same.
func TestEveryLifeOfABootHasItsKey(t *testing.T) {
	seed := identity.NewSeed()
	want := fmt.Sprintf("firstlight-agent: %x", identity.New(seed, 0).Public())
	for life := range 2 {
		if got := live([]string{"tells its key"}, seed, io.Discard); got.Cause != want {
			t.Errorf("life %d ended with %q, want %q", life, got.Cause, want)
		}
	}
	if got := live([]string{"tells its key"}, identity.NewSeed(), io.Discard); got.Cause == want || !strings.HasPrefix(got.Cause, "firstlight-agent: ") {
		t.Errorf("another boot ended with %q", got.Cause)
	}
}

func TestAChildThatCannotStartIsToldToo(t *testing.T) {
	if got := live([]string{"\x00"}, identity.NewSeed(), io.Discard); !strings.HasPrefix(got.End, "start: ") || got.Output != "" {
		t.Errorf("it ended as %+v", got)
	}
}
