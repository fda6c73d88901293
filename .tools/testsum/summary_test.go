package main

import (
	"regexp"
	"strings"
	"testing"
)

const (
	passing = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.2s\n"}
{"Action":"pass","Package":"p","Elapsed":0.2}
`
	failing = `{"Action":"output","Package":"q","Test":"TestB","Output":"    b_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"q","Test":"TestB","Elapsed":0.1}
{"Action":"fail","Package":"q","Elapsed":0.2}
`
	skipping = `{"Action":"output","Package":"r","Test":"TestC","Output":"    c_test.go:7: SKIPPED: needs root\n"}
{"Action":"skip","Package":"r","Test":"TestC","Elapsed":0}
{"Action":"pass","Package":"r","Elapsed":0.2}
`
	broken = `{"ImportPath":"s","Action":"build-output","Output":"s/a.go:3:1: syntax error\n"}
{"ImportPath":"s","Action":"build-fail"}
{"Action":"output","Package":"s","Output":"FAIL\ts [build failed]\n"}
{"Action":"fail","Package":"s","Elapsed":0}
`
	slow = `{"Action":"pass","Package":"v","Test":"TestBrief","Elapsed":0.9}
{"Action":"pass","Package":"v","Test":"TestOne","Elapsed":2.5}
{"Action":"pass","Package":"v","Test":"TestTwo/part","Elapsed":30}
{"Action":"pass","Package":"v","Test":"TestTwo","Elapsed":31}
{"Action":"pass","Package":"v","Elapsed":34}
`
	panicking = `{"Action":"output","Package":"u","Test":"TestD","Output":"panic: no\n"}
{"Action":"fail","Package":"u","Elapsed":1}
`
)

func TestSummary(t *testing.T) {
	tests := map[string]struct {
		in     string
		strict bool
		allow  string
		ok     bool
		says   []string
	}{
		"all pass":                          {in: passing, ok: true, says: []string{"ok    p", "1 passed, 0 failed, 0 skipped\n"}},
		"a failing test says why":           {in: passing + failing, says: []string{"b_test.go:9: got 1, want 2", "FAIL  q", "1 passed, 1 failed, 0 skipped\n"}},
		"a skip is loud":                    {in: passing + skipping, ok: true, says: []string{"SKIP  r TestC: SKIPPED: needs root", "1 passed, 0 failed, 1 skipped\n"}},
		"a skip fails a strict run":         {in: passing + skipping, strict: true, says: []string{"a failure here: r TestC"}},
		"a skip by choice does not":         {in: passing + skipping, strict: true, allow: "needs root", ok: true, says: []string{"SKIP  r TestC"}},
		"a package that does not build":     {in: passing + broken, says: []string{"syntax error", "FAIL  s", "1 packages did not build"}},
		"slow tests come slowest first":     {in: slow, ok: true, says: []string{"31s  TestTwo\nslow  v                                            2.5s  TestOne\n4 passed"}},
		"a panic shows what was said":       {in: passing + panicking, says: []string{"panic: no", "FAIL  u"}},
		"a complaint in plain text is kept": {in: "go: no such tool\n" + passing, ok: true, says: []string{"go: no such tool"}},
		"nothing at all is a failure":       {in: "", says: []string{"no test ran", "0 passed, 0 failed, 0 skipped\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			sum := newSummary(&out)
			if err := sum.read(strings.NewReader(tt.in)); err != nil {
				t.Fatalf("read: %v", err)
			}
			if tt.allow == "" {
				tt.allow = "^$"
			}
			if ok := sum.close(regexp.MustCompile(tt.allow), tt.strict); ok != tt.ok {
				t.Errorf("close = %t, want %t; it said:\n%s", ok, tt.ok, &out)
			}
			for _, want := range tt.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the summary lacks %q:\n%s", want, &out)
				}
			}
		})
	}
}
