package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/server/auth"
)

// bring sends a list as somebody, and gives the lines of the answer.
func (b *bench) bring(as auth.Role, query, list, accept string) (int, []string) {
	b.Helper()
	r := httptest.NewRequest(http.MethodPost, Prefix+"/imports?"+query, strings.NewReader(list))
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.User{Name: "kim", Role: as})))
	return w.Code, strings.Split(strings.TrimSpace(w.Body.String()), "\n")
}

func TestAListIsImportedExportedAndHandedOver(t *testing.T) {
	b := newBench(t)
	list := "serial,nic1_mac,note\nNEW0001,02:00:00:00:00:01,=1+1\nNEW0002,02:00:00:00:00:02,\n"
	for _, tt := range []struct {
		name, query, list string
		as                auth.Role
		status            int
		want              Import
	}{
		{"a dry run writes nothing", "dry_run=true", list, auth.Technician, 200, Import{New: 2}},
		{"a bad line keeps all out", "", list + "NEW0003,zz,\n", auth.Technician, 200, Import{New: 2, Refused: 1}},
		{"a good list is written", "delivery=d1", list, auth.Technician, 200, Import{New: 2, Written: true}},
		{"and once", "delivery=d1", list, auth.Technician, 200, Import{Unchanged: 2, Written: true}},
		{"viewers bring none", "", list, auth.Viewer, 403, Import{}},
		{"adoption is for admins", "as=in_use&reason=x", list, auth.Engineer, 403, Import{}},
		{"what cannot be read", "", "serial\n\xff\n", auth.Technician, 422, Import{}},
	} {
		status, lines := b.bring(tt.as, tt.query, tt.list, "application/json")
		var got Import
		if err := json.Unmarshal([]byte(lines[0]), &got); err != nil || status != tt.status || got.New != tt.want.New || got.Refused != tt.want.Refused || got.Unchanged != tt.want.Unchanged || got.Written != tt.want.Written {
			t.Errorf("%s: %d %v, %v", tt.name, status, lines, err)
		}
	}
	r := b.get("/export?selector=delivery%3Dd1")
	if !strings.Contains(r.body, "NEW0001") || !strings.Contains(r.body, "'=1+1") {
		t.Errorf("export = %s", r.body)
	}
	if status, lines := b.bring(auth.Technician, "dry_run=true", r.body, ""); status != 200 || !strings.Contains(lines[0], `"unchanged":2`) {
		t.Errorf("what was exported = %d %v", status, lines)
	}
	if r := b.get("/deliveries/d1"); !strings.Contains(r.body, `"missing":2`) {
		t.Errorf("delivery = %s", r.body)
	}
	if r := b.get("/deliveries/d1/handoff"); !strings.Contains(r.body, "NEW0002,NEW0002,expected") {
		t.Errorf("hand-off = %s", r.body)
	}
}

func TestALongImportTellsHowFarItIs(t *testing.T) {
	b := newBench(t)
	var list bytes.Buffer
	_, _ = io.WriteString(&list, "serial,note\n")
	for i := range 2500 { // more than other bodies may have
		fmt.Fprintf(&list, "LONG%05d,%040d\n", i, i)
	}
	status, lines := b.bring(auth.Technician, "", list.String(), "application/x-ndjson")
	if last := lines[len(lines)-1]; status != 200 || len(lines) != 2500/100+2 || lines[1] != `{"done":100,"total":2500}` || !strings.Contains(last, `"written":true`) {
		t.Errorf("%d with %d lines: %s … %.80s", status, len(lines), lines[1], last)
	}
}

func TestAMachineIsAdoptedByItsReport(t *testing.T) {
	b := newBench(t)
	body, err := json.Marshal(report.Adoption{Reason: "ran before", Report: report.Report{
		Version: report.Version, System: report.System{Serial: "OLD0001"}, NICs: []report.NIC{{Name: "eno1", MAC: "02:00:00:00:00:07"}}, OS: &report.OS{Hostname: "old-1"},
	}})
	b.must(err)
	send := func(as auth.Role, body []byte) (int, string) {
		r := httptest.NewRequest(http.MethodPost, Prefix+"/adoptions", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		b.api.ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.User{Name: "kim", Role: as})))
		return w.Code, w.Body.String()
	}
	if code, _ := send(auth.Engineer, body); code != 403 {
		t.Errorf("an engineer adopts: %d", code)
	}
	code, text := send(auth.Admin, body)
	var got report.Welcome
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != 200 || got.Name != "OLD0001" || got.Status != "in_use" || !strings.Contains(got.Sentence, "first boot") {
		t.Errorf("adoption = %d %s, %v", code, text, err)
	}
	if code, text := send(auth.Admin, []byte(`{"reason":"x"}`)); code != 422 {
		t.Errorf("no report = %d %s", code, text)
	}
}
