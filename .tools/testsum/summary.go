package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// event is a line of go test -json (cmd/test2json), or of the build before it.
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build event
	Test       string
	Output     string
	Elapsed    float64
}

// key names a test or, without Test, a package.
type key struct{ pkg, test string }

// summary gathers the events of one or more runs.
type summary struct {
	out                     io.Writer
	output                  map[key]*strings.Builder // of what has not ended yet
	tests                   map[string]int           // ended tests by package
	passed, failed, skipped int
	skips                   []skip
	times                   []timed
	brokenPackages          int // that failed without a failing test: build, panic, timeout
	failedTests             map[string]bool
}

type skip struct{ pkg, test, message string }

// timed is a test of the top level and how long it took.
type timed struct {
	pkg, test string
	took      time.Duration
}

func newSummary(out io.Writer) *summary {
	return &summary{
		out: out, output: make(map[key]*strings.Builder), tests: make(map[string]int), failedTests: make(map[string]bool),
	}
}

// read takes events until the end. A line that is no event is shown as it is:
// the go command complains in plain text where it cannot even begin.
func (s *summary) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if text := strings.TrimSpace(line); text != "" {
			var e event
			if json.Unmarshal([]byte(text), &e) != nil || e.Action == "" {
				fmt.Fprintln(s.out, text)
			} else {
				s.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) take(e event) {
	switch {
	case e.Action == "output":
		s.hold(key{e.Package, e.Test}, e.Output)
	case e.Action == "build-output":
		fmt.Fprint(s.out, e.Output)
	case e.Action != "pass" && e.Action != "fail" && e.Action != "skip":
	case e.Test == "":
		s.endPackage(e)
	default:
		s.endTest(e)
	}
}

func (s *summary) hold(k key, text string) {
	if s.output[k] == nil {
		s.output[k] = new(strings.Builder)
	}
	s.output[k].WriteString(text)
}

func (s *summary) release(k key) string {
	held := s.output[k]
	delete(s.output, k)
	if held == nil {
		return ""
	}
	return held.String()
}

func (s *summary) endTest(e event) {
	text := s.release(key{e.Package, e.Test})
	s.tests[e.Package]++
	if !strings.Contains(e.Test, "/") {
		s.times = append(s.times, timed{e.Package, e.Test, seconds(e.Elapsed)})
	}
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
		s.skips = append(s.skips, skip{e.Package, e.Test, message(text)})
	case "fail":
		s.failed++
		s.failedTests[e.Package] = true
		fmt.Fprint(s.out, text)
	}
}

// endPackage prints the package's line. What the package itself said is of use
// only where no test of it failed and yet it did: a panic, a timeout, a build.
func (s *summary) endPackage(e event) {
	text := s.release(key{e.Package, ""})
	took := seconds(e.Elapsed)
	switch {
	case e.Action == "fail":
		if !s.failedTests[e.Package] {
			s.brokenPackages++
			s.unfinished(e.Package)
			fmt.Fprint(s.out, text)
		}
		fmt.Fprintf(s.out, "FAIL  %-40s %8s\n", e.Package, took)
	case s.tests[e.Package] > 0:
		fmt.Fprintf(s.out, "ok    %-40s %8s  %d tests\n", e.Package, took, s.tests[e.Package])
	}
}

// unfinished shows what the tests said that never ended.
func (s *summary) unfinished(pkg string) {
	for k := range s.output {
		if k.pkg == pkg {
			fmt.Fprint(s.out, s.release(k))
		}
	}
}

// close prints the slowest tests, the skips and the counts and tells whether
// all is well.
func (s *summary) close(allow *regexp.Regexp, strict bool) bool {
	s.slowest(10, time.Second)
	ok := s.failed == 0 && s.brokenPackages == 0
	for _, skip := range s.skips {
		chosen := allow.MatchString(skip.message)
		word := "SKIP "
		if !chosen && strict {
			word, ok = "SKIPPED, which is a failure here:", false
		}
		fmt.Fprintf(s.out, "%s %s %s: %s\n", word, skip.pkg, skip.test, skip.message)
	}
	if s.brokenPackages > 0 {
		fmt.Fprintf(s.out, "%d packages did not build or ended early\n", s.brokenPackages)
	}
	if s.passed+s.failed == 0 {
		fmt.Fprintln(s.out, "no test ran")
		ok = false
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	return ok
}

// slowest prints the tests that took longest, of those that took a while.
func (s *summary) slowest(most int, atLeast time.Duration) {
	slices.SortStableFunc(s.times, func(a, b timed) int { return cmp.Compare(b.took, a.took) })
	for i, t := range s.times {
		if i == most || t.took < atLeast {
			return
		}
		fmt.Fprintf(s.out, "slow  %-40s %8s  %s\n", t.pkg, t.took, t.test)
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond)
}

// message is what a test said when it skipped itself, without the frame that
// package testing puts around it.
func message(text string) string {
	var said []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if _, after, found := strings.Cut(line, ".go:"); found {
			if _, words, found := strings.Cut(after, ": "); found {
				line = words
			}
		}
		said = append(said, line)
	}
	return strings.Join(said, " ")
}
