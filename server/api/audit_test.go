package api

import (
	"net/http"
	"net/url"
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
