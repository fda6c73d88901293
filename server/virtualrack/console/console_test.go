package console

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLinesOfATerminal(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     []string
	}{
		{"plain lines", "one\r\ntwo\n", []string{"one", "two"}},
		{"an unfinished line counts", "login: ", []string{"login:"}},
		{"a line drawn over itself", "10%\r20%\r", []string{"10%", "20%"}},
		{"colours do not cut a line", "\x1b[1;32mok\x1b[0m done\n", []string{"ok done"}},
		{"cursor moves do", "a\x1b[01;01Hb\x1b[2Jc", []string{"a", "b", "c"}},
		{"a backspace takes back", "ab\bc\n", []string{"ac"}},
		{"a sequence that never ends is given up", "\x1b[" + strings.Repeat("1", 40) + "x\n", []string{"1111111x"}},
		{"noise without an end is cut", strings.Repeat("n", maxLine+1), []string{strings.Repeat("n", maxLine), "n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := New(nil)
			for _, b := range []byte(test.in) { // the wire splits anywhere
				_, _ = c.Write([]byte{b})
			}
			if diff := cmp.Diff(test.want, c.Lines(10)); diff != "" {
				t.Errorf("Lines differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWaitSeesWhatWasSaidAndWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil)
		c.Printf("iPXE 1.0.0")
		if got, err := c.Wait(t.Context(), 0, regexp.MustCompile("^iPXE")); err != nil || got != "iPXE 1.0.0" {
			t.Errorf("Wait for a line said before = %q, %v; want it", got, err)
		}
		mark := c.Mark()
		time.AfterFunc(time.Second, func() { c.Printf("iPXE 2.0.0") })
		if got, err := c.Wait(t.Context(), mark, regexp.MustCompile("^iPXE")); err != nil || got != "iPXE 2.0.0" {
			t.Errorf("Wait since a mark = %q, %v; want the line after it", got, err)
		}
		bound, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Wait(bound, 0, regexp.MustCompile("never"))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "iPXE 2.0.0") {
			t.Errorf("Wait = %v, want the deadline and the last lines", err)
		}
	})
}

func TestOldLinesGoToTheFileOnly(t *testing.T) {
	var file bytes.Buffer
	c := New(&file)
	for i := range kept + 5 {
		c.Printf("line %d", i)
	}
	lines := c.Lines(kept * 2)
	if len(lines) != kept || lines[0] != "line 5" {
		t.Errorf("Lines = %d from %q on, want %d from \"line 5\" on", len(lines), lines[0], kept)
	}
	if got := c.Mark(); got != kept+5 {
		t.Errorf("Mark() = %d, want %d: it counts the lines that are gone", got, kept+5)
	}
	if !strings.HasPrefix(file.String(), "line 0\r\nline 1\r\n") {
		t.Errorf("the file begins with %q, want every line", file.String()[:20])
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\x1b[2J\x1b[01;01H\r\n>>Start PXE over IPv4.\b\b\x1bc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := New(nil)
		_, _ = c.Write(b)
		for _, line := range c.Lines(kept) {
			if len(line) > maxLine || strings.ContainsAny(line, "\x1b\r\n\b\x00") {
				t.Errorf("a line is %q, want at most %d bytes and no controls", line, maxLine)
			}
		}
		if n := len(c.lines); n > kept {
			t.Errorf("%d lines are kept, want at most %d", n, kept)
		}
	})
}
