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

func tellLog(t *testing.T, s *Server, l report.Log) {
	t.Helper()
	b, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if got := (call{method: "POST", target: "/agent/v1/log", body: string(b)}).as(s, ours).do(s); got.StatusCode != http.StatusNoContent {
		t.Fatalf("answer = %d %s, want 204", got.StatusCode, bodyOf(t, got))
	}
}

func TestALogIsARowThatSaysWhatMattersMost(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		text  string
	}{
		{"the last line", []string{"[    1.000] link up", "[    2.500] reported name=x"}, "reported name=x"},
		{"the first that warns", []string{"[    1.000] link up", "[    1.200] warn: no DHCP answer", "[    2.500] error: x", "[    3.000] y"}, "warn: no DHCP answer"},
		{"a line without time", []string{"[1"}, "[1"},
		{"what is not text", []string{"[    1.000] \x1b[2J"}, "[2J"},
	} {
		s, st := door(t)
		tellLog(t, s, report.Log{Life: "a", Lines: tt.lines})
		if len(st.rows) != 1 || st.heard != 1 {
			t.Fatalf("%s: %d rows, heard %d times", tt.name, len(st.rows), st.heard)
		}
		row := st.rows[0]
		if row.Machine != "m1" || row.Source != journal.Log || row.Text != "The agent's log: "+tt.text {
			t.Errorf("%s: row of %s by %s: %q", tt.name, row.Machine, row.Source, row.Text)
		}
		if got := strings.Count(row.Details[journal.DetailLog], "\n"); got != len(tt.lines)-1 || strings.Contains(row.Details[journal.DetailLog], "\x1b") {
			t.Errorf("%s: log %q", tt.name, row.Details[journal.DetailLog])
		}
	}
}

func TestALineIsARowOnce(t *testing.T) {
	s, st := door(t)
	for _, l := range []report.Log{
		{Life: "a", First: 0, Lines: []string{"0", "1"}},
		{Life: "a", First: 0, Lines: []string{"0", "1"}}, // the answer was lost
		{Life: "a", First: 1, Lines: []string{"1", "2"}},
		{Life: "a", First: 9, Lost: 6, Lines: []string{"9"}},
		{Life: "b", First: 0, Lines: []string{"b0"}}, // a new life begins anew
		{Life: "c", First: 7, Lines: []string{"c7"}}, // we are the new one here
	} {
		tellLog(t, s, l)
	}
	var got []string
	for _, r := range st.rows {
		got = append(got, strings.Join(strings.Fields(r.Details[journal.DetailLog]+" "+r.Details["missing before"]), " "))
	}
	if want := []string{"0 1", "2", "9 6 lines", "b0", "c7"}; !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	if !slices.Contains(counters(t, s), "firstlight_agent_log_lines_total 6") {
		t.Errorf("counters: %q", counters(t, s))
	}
}

// An agent that turns in circles fills no disk, and what is left out is said.
func TestTheJournalTakesSoMuchAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, st := door(t)
		s.Now = time.Now
		first := int64(0)
		say := func() {
			part := report.Log{Life: "a", First: first}
			for range report.MaxLines {
				part.Lines = append(part.Lines, strings.Repeat("x", 99))
			}
			first += report.MaxLines
			tellLog(t, s, part)
		}
		for range 10 { // 20,000 bytes each
			say()
		}
		if len(st.rows) != 3 {
			t.Errorf("%d rows in a minute, want 3", len(st.rows))
		}
		time.Sleep(logEvery) //nolint:forbidigo // in synctest's time
		say()
		if r := st.rows[len(st.rows)-1]; len(st.rows) != 4 || r.Details["missing before"] != "1400 lines" {
			t.Errorf("%d rows, the last after %q; want 4 and 1400 lines", len(st.rows), r.Details["missing before"])
		}
	})
}

func TestALogThatNoAgentSendsIsRefused(t *testing.T) {
	s, st := door(t)
	got := call{method: "POST", target: "/agent/v1/log", body: `{"life":"a"}`}.as(s, ours).do(s)
	if text := bodyOf(t, got); got.StatusCode != http.StatusBadRequest || !strings.Contains(text, "0 lines, want 1 to 200") {
		t.Errorf("answer = %d %s", got.StatusCode, text)
	}
	got = call{method: "POST", target: "/agent/v1/log", body: `{"life":"a","lines":["x"]}`}.as(s, alien).do(s)
	if text := bodyOf(t, got); got.StatusCode != http.StatusConflict || !strings.Contains(text, "report first") {
		t.Errorf("of a machine that has not reported = %d %s", got.StatusCode, text)
	}
	if len(st.rows) > 0 {
		t.Errorf("rows = %+v", st.rows)
	}
}
