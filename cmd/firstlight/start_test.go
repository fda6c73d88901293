package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// A command is to answer within 50 ms of its start. Time is not the same on two
// machines, memory that is touched is; pages of it are most of a start's cost.

// TestNoPackageOfOursWorksBeforeMain reads what the runtime says of each
// package's initialisation. Expressions and templates are compiled when they are
// needed.
func TestNoPackageOfOursWorksBeforeMain(t *testing.T) {
	const most = 32 << 10
	cmd := exec.Command(os.Args[0], "version")
	cmd.Args[0], cmd.Env = "firstlight", append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("firstlight version: %v: %s", err, trace)
	}
	lines := regexp.MustCompile(`(?m)^init (firstlight/\S+) .* (\d+) bytes, \d+ allocs$`).FindAllSubmatch(trace, -1)
	if len(lines) == 0 {
		t.Fatalf("no package of ours is in:\n%s", trace)
	}
	for _, l := range lines {
		if n, err := strconv.Atoi(string(l[2])); err != nil || n > most {
			t.Errorf("%s allocates %s bytes before main, want at most %d: do it when it is first needed", l[1], l[2], most)
		}
	}
}

// TestACommandReadsItsOwnGrammarOnly counts what a small command allocates.
func TestACommandReadsItsOwnGrammarOnly(t *testing.T) {
	const most, mostOfList = 4000, 9000 // all commands take more than 28,000
	h := &host{out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }, now: time.Now}
	for _, args := range [][]string{{"version"}, {"machine", "fields", "-o", "name"}, {"--help"}} {
		got := testing.AllocsPerRun(5, func() {
			if code := run(context.Background(), args, h); code != exitOK {
				t.Fatalf("%s ended with %d", args, code)
			}
		})
		bound := most
		if args[0] == "--help" {
			bound = mostOfList
		}
		if got > float64(bound) {
			t.Errorf("%s makes %.0f allocations, want at most %d", args, got, bound)
		}
	}
}
