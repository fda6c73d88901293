package api

import (
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// TestEveryWriteTakesIfMatch, or stands in a list with its reason; and what can
// be read singly shows the ETag that such a write wants.
func TestEveryWriteTakesIfMatch(t *testing.T) {
	b := newBench(t)
	d, _ := readDocument(t)
	ids := map[string]bool{}
	for _, r := range b.api.routes() {
		ids[r.id] = true
		if r.method == http.MethodGet {
			continue
		}
		takes := false
		for _, p := range d.Paths[r.path][strings.ToLower(r.method)].Parameters {
			takes = takes || p.Name == "If-Match"
		}
		switch reason := unconditional[r.id]; {
		case takes && reason != "":
			t.Errorf("%s takes If-Match, and a reason is given why not: %s", r.id, reason)
		case !takes && len(reason) < 10:
			t.Errorf("%s takes no If-Match: let states know what its path names, or give the reason in unconditional", r.id)
		}
	}
	for _, list := range []map[string]string{unconditional, unkeyed, shownOnce} {
		for id := range list {
			if !ids[id] {
				t.Errorf("%s stands in a list of exceptions and is no operation", id)
			}
		}
	}
	for path := range b.api.states() {
		if _, ok := d.Paths[path]["get"].Responses["200"].Headers["ETag"]; !ok {
			t.Errorf("GET %s shows no ETag", path)
		}
	}
}

// TestAWriteRestsOnWhatWasRead goes over every verb of machines, jobs and
// accounts with the state of before.
func TestAWriteRestsOnWhatWasRead(t *testing.T) {
	b := newBench(t)
	b.account()
	b.add(1)
	j := read[Job](b, b.post("/jobs", installFL1), http.StatusCreated)
	paths := map[string]string{"/machines/{ref}": "/machines/FL1", "/jobs/{id}": "/jobs/" + j.ID, "/users/{name}": "/users/ada", "/rules/{name}": "/rules/lab", "/subnets/{name}": "/subnets/lab"}
	for _, r := range b.api.routes() {
		basis, ok := b.api.basisOf(r)
		if !ok {
			continue
		}
		for pattern, path := range paths {
			if below, found := strings.CutPrefix(r.path, pattern); found {
				text := `{}`
				if r.method == http.MethodDelete {
					text = ""
				}
				b.refuses(b.as(auth.Admin, r.method, path+below, text, "If-Match", `"v0"`), http.StatusPreconditionFailed, basis.kind+" ", "by now, not \"v0\"", "read it again")
				if r.method == http.MethodPut {
					b.refuses(b.as(auth.Admin, r.method, path+below, text), http.StatusPreconditionRequired, "send If-Match")
				}
			}
		}
	}
}

// TestNothingFitsBetweenLookingAndWriting: what changes after the conditions
// were held ends the write.
func TestNothingFitsBetweenLookingAndWriting(t *testing.T) {
	b := newBench(t)
	m := b.add(1)
	looked := ETag(b.version("FL1"))
	asks := conditions{ifMatch: looked}
	ctx := serverdb.Resting(t.Context(), func(w *serverdb.Write) error {
		now, err := w.Machine(m.ID)
		if err != nil {
			return err
		}
		return asks.against("machine FL1", ETag(now.Version), false)
	})
	read[Machine](b, b.post("/machines/FL1/lock", `{"note":"in between"}`), http.StatusOK)
	err := b.db.Edit(ctx, m.ID, 0, "ada", "", func(m *machine.Machine) error { m.Note = "stale"; return nil })
	if err == nil || !strings.Contains(err.Error(), "by now, not "+looked) {
		t.Errorf("Edit() = %v, want it refused", err)
	}
	// A request that changes it twice rests on what it did itself.
	looked = ETag(b.version("FL1"))
	asks.ifMatch = looked
	for range 2 {
		b.must(b.db.Edit(ctx, m.ID, 0, "ada", "", func(m *machine.Machine) error { m.Note += "x"; return nil }))
	}
}
