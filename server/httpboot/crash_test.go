package httpboot

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/report"
	"firstlight/server/journal"
)

func crashed(life int, change ...func(*report.Crash)) report.Crash {
	c := report.Crash{
		Boot: "b1", Life: life, Agent: "v1", End: "exit code 2", Cause: "panic: boom", Uptime: 64.5, Lived: 41.25, Ago: 3.5,
		Output: "panic: boom\n\n\x1b[2Jgoroutine 1 [running]:\n\tmain.go:7\n", Lost: 12,
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func tell(t *testing.T, s *Server, c report.Crash) {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := (call{method: "POST", target: "/agent/v1/crash", body: string(b)}).as(s, ours).do(s); got.StatusCode != http.StatusNoContent {
		t.Fatalf("answer = %d %s, want 204", got.StatusCode, bodyOf(t, got))
	}
}

func TestACrashIsARowWithItsTrace(t *testing.T) {
	s, st := door(t)
	tell(t, s, crashed(1))
	row := st.rows[0]
	if row.Machine != "m1" || row.Source != journal.Agent || row.Text != "The agent crashed 3.5 s ago, after 41.2 s, and was started again: panic: boom" {
		t.Errorf("row of %s by %s: %q", row.Machine, row.Source, row.Text)
	}
	for k, want := range map[string]string{
		"end": "exit code 2", "life": "1", "agent": "v1", "of boot": "b1", "after kernel start": "64.5 s", "left out": "12 bytes",
		journal.DetailOutput: "panic: boom\n\n[2Jgoroutine 1 [running]:\n\tmain.go:7",
	} {
		if got := row.Details[k]; got != want {
			t.Errorf("%s = %q, want %q", k, got, want)
		}
	}
	if row.Details["boot"] != "" { // by which a report is known
		t.Error("the row looks like a report")
	}
	if o := st.seen.Crash; o.Cause != "panic: boom" || o.Life != 1 || o.At.IsZero() || st.heard != 1 {
		t.Errorf("seen of it: %+v, heard %d times", o, st.heard)
	}
	if !slices.Contains(counters(t, s), "firstlight_agent_crashes_total 1") {
		t.Errorf("counters: %q", counters(t, s))
	}
}

func TestACrashCountsOnceAndItsTraceOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, st := door(t)
		s.Now = time.Now
		silent := func(c *report.Crash) { c.Cause, c.Output, c.End = "", "", "killed by SIGKILL" }
		for _, c := range []report.Crash{crashed(1), crashed(1), crashed(2), crashed(2), crashed(1)} {
			tell(t, s, c)
		}
		time.Sleep(outputEvery)
		tell(t, s, crashed(3))
		tell(t, s, crashed(1, func(c *report.Crash) { c.Boot = "b2" }, silent))
		var got []string
		for _, r := range st.rows {
			_, trace := r.Details[journal.DetailOutput]
			_, why, _ := strings.Cut(r.Text, "again: ")
			got = append(got, r.Details["of boot"]+" "+r.Details["life"]+map[bool]string{true: " with trace"}[trace]+" "+why)
		}
		want := []string{"b1 1 with trace panic: boom", "b1 2 panic: boom", "b1 3 with trace panic: boom", "b2 1 killed by SIGKILL"}
		if !slices.Equal(got, want) {
			t.Errorf("rows = %q, want %q", got, want)
		}
	})
}

func TestACrashThatNoAgentSendsIsRefused(t *testing.T) {
	s, st := door(t)
	for body, want := range map[string]string{
		"{}": "boot has 0 bytes, want 1 to 200", "[": "message: decode", `{"boot":"b","end":"x"}`: "life is 0, want 1 or more",
	} {
		got := call{method: "POST", target: "/agent/v1/crash", body: body}.as(s, ours).do(s)
		if text := bodyOf(t, got); got.StatusCode != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%s = %d %s, want 400 and %q", body, got.StatusCode, text, want)
		}
	}
	got := call{method: "POST", target: "/agent/v1/crash", body: "{}"}.as(s, alien).do(s)
	if text := bodyOf(t, got); got.StatusCode != http.StatusConflict || !strings.Contains(text, "report first") {
		t.Errorf("of a machine that has not reported = %d %s", got.StatusCode, text)
	}
	if len(st.rows) > 0 {
		t.Errorf("rows = %+v", st.rows)
	}
}
