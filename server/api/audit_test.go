package api

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/serverdb"
)

// acted fills the audit.
func (b *bench) acted() {
	b.Helper()
	for _, a := range []struct{ who, what, object string }{
		{"eve", "lock", "FL1"}, {"bob", "lock", "FL2"}, {"eve", "unlock", "FL1"}, {"eve", "lock", "FL3"},
	} {
		b.must(b.db.RecordAudit(b.Context(), serverdb.Actor{Name: a.who}, a.what, a.object, "", ""))
	}
}

func TestTheAuditIsAskedPageByPage(t *testing.T) {
	b := newBench(t)
	b.acted()
	var got []string
	for cursor := ""; ; {
		l := read[Tail[AuditEntry]](b, b.get("/audit?who=eve&limit=2&cursor="+cursor), http.StatusOK)
		for _, e := range l.Items {
			got = append(got, e.What+" "+e.Object)
		}
		if cursor = l.NextCursor; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"lock FL3", "unlock FL1", "lock FL1"}, got); diff != "" {
		t.Errorf("audit of eve (-want +got):\n%s", diff)
	}
	for query, want := range map[string]int{
		"what=lock&who=eve": 2, "object=FL1": 2, "who=nobody": 0,
		"who=eve&since=" + url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339)): 3,
		"who=eve&until=" + url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339)): 0,
	} {
		if l := read[Tail[AuditEntry]](b, b.get("/audit?"+query), http.StatusOK); len(l.Items) != want {
			t.Errorf("audit?%s = %+v, want %d", query, l.Items, want)
		}
	}
	b.refuses(b.get("/audit?cursor=x"), http.StatusUnprocessableEntity, "next_cursor")
	b.refuses(b.get("/audit?since=yesterday"), http.StatusUnprocessableEntity, "since")
}

func TestTheAuditIsExportedWhole(t *testing.T) {
	b := newBench(t)
	b.acted()
	b.must(b.db.RecordAudit(t.Context(), serverdb.Actor{Name: "eve"}, "lock", "=HYPERLINK(1)", "", `a "quote", and a comma`))
	r := b.get("/audit/export?who=eve")
	if got := r.Header.Get("Content-Type"); got != "application/x-ndjson" || !strings.Contains(r.Header.Get("Content-Disposition"), "attachment; filename=\"firstlight-audit-") {
		t.Errorf("headers = %v", r.Header)
	}
	var got []string
	for line := range strings.Lines(r.body) {
		var e AuditEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		got = append(got, e.What+" "+e.Object)
	}
	if diff := cmp.Diff([]string{"lock FL1", "unlock FL1", "lock FL3", "lock =HYPERLINK(1)"}, got); diff != "" {
		t.Errorf("ndjson, oldest first (-want +got):\n%s", diff)
	}
	rows, err := csv.NewReader(strings.NewReader(b.get("/audit/export?format=csv&who=eve").body)).ReadAll()
	if err != nil || len(rows) != 5 || rows[0][5] != "what" || rows[4][6] != "'=HYPERLINK(1)" || rows[4][8] != `a "quote", and a comma` {
		t.Errorf("csv = %q, %v", rows, err)
	}
	if l := read[Tail[AuditEntry]](b, b.get("/audit?what="+url.QueryEscape("export audit")), http.StatusOK); len(l.Items) != 2 || l.Items[1].Object != `{"who":"eve"}` || l.Items[0].After != "csv" {
		t.Errorf("exports in the audit = %+v", l.Items)
	}
}

// TestWhoeverHasAnExportCanVerifyIt makes the chain by the words of its
// documentation, without our code.
func TestWhoeverHasAnExportCanVerifyIt(t *testing.T) {
	b := newBench(t)
	b.acted()
	before := ""
	for line := range strings.Lines(b.get("/audit/export").body) {
		var e AuditEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		for _, f := range []string{before, fmt.Sprint(e.ID), e.At.Format("2006-01-02T15:04:05.000000Z"), e.Who, e.Token, e.Address, e.What, e.Object, e.Before, e.After, e.Note} {
			fmt.Fprintf(sum, "%d:%s,", len(f), f)
		}
		if before = hex.EncodeToString(sum.Sum(nil)); before != e.Hash {
			t.Fatalf("row %d has the hash %s, want %s", e.ID, e.Hash, before)
		}
	}
	c := read[AuditChain](b, b.get("/audit/chain"), http.StatusOK)
	if !c.Whole || c.Head.Hash != before || c.First != 1 || c.Broken != 0 {
		t.Errorf("chain = %+v, want it whole with the head %s", c, before)
	}
	kept := fmt.Sprintf("?id=%d&hash=%s", c.Head.ID, c.Head.Hash)
	b.acted()
	if c := read[AuditChain](b, b.get("/audit/chain"+kept), http.StatusOK); !c.Whole || c.Rows < 8 {
		t.Errorf("chain with a kept head = %+v, want it whole and longer", c)
	}
	if c := read[AuditChain](b, b.get("/audit/chain?id=999&hash="+c.Head.Hash), http.StatusOK); c.Whole || !strings.Contains(c.Why, "rows at its end are gone") {
		t.Errorf("chain with a head that is not there = %+v", c)
	}
	b.refuses(b.get("/audit/chain?id=7"), http.StatusUnprocessableEntity, "give both, or none")
	b.refuses(b.get("/audit/chain?id=7&hash=xyz"), http.StatusUnprocessableEntity, "64 hex digits")
}
