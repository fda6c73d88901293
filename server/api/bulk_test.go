package api

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
)

// versions are those of the first machines of a bench, to see which were written.
func (b *bench) versions(n int) (all []int64) {
	b.Helper()
	for _, name := range []string{"FL1", "FL2", "FL3"}[:n] {
		all = append(all, b.version(name))
	}
	return all
}

func TestManyMachinesChangeOrNone(t *testing.T) {
	b := newBench(t)
	for n := 1; n <= 3; n++ {
		b.add(n)
	}
	read[Machine](b, b.as(auth.Admin, http.MethodPatch, "/machines/FL3", `{"note":"spare"}`), http.StatusOK)
	before := b.versions(3)
	const noted = `{"selector":"rack=r1","expected":3,"set":{"note":"spare","add_tags":["loaner"]}`
	dry := read[MachinesChanged](b, b.post("/machines/bulk", noted+`,"dry_run":true}`), http.StatusOK)
	if dry.Written || dry.Changed != 3 || cmp.Diff([]string{"tags"}, dry.Items[2].Fields) != "" {
		t.Errorf("dry run = %+v", dry)
	}
	b.refuses(b.post("/machines/bulk", `{"selector":"rack=r1","expected":2,"set":{"note":"x"}}`), http.StatusConflict, `expected "2"`, "picks 3 machines, not 2, and nothing was changed")
	b.refuses(b.post("/machines/bulk", `{"selector":"rack=r9","expected":2,"set":{"note":"x"}}`), http.StatusUnprocessableEntity, "picks no machine")
	p := b.refuses(b.post("/machines/bulk", `{"selector":"rak=r1","expected":2,"set":{"note":"x"}}`), http.StatusUnprocessableEntity, "did you mean rack")
	if p.Errors[0].Location != "body.selector" {
		t.Errorf("location = %q", p.Errors[0].Location)
	}
	b.refuses(b.post("/machines/bulk", `{"selector":"rack=r1","expected":3}`), http.StatusUnprocessableEntity, "set, lock and unlock: want one of them")
	b.refuses(b.post("/machines/bulk", `{"selector":"rack=r1","expected":3,"set":{"note":"x"},"lock":{"note":"x"}}`), http.StatusUnprocessableEntity, "want one of them")
	// One host name for three: the first would have it, the others are refused.
	p = b.refuses(b.post("/machines/bulk", `{"selector":"rack=r1","expected":3,"set":{"hostname":"lab-1"}}`), http.StatusConflict, "2 of 3 machines are refused, and nothing was changed: FL2, FL3")
	if len(p.Errors) != 2 || p.Errors[0].Location != "machines.FL2" {
		t.Errorf("errors = %+v", p.Errors)
	}
	if diff := cmp.Diff(before, b.versions(3)); diff != "" {
		t.Fatalf("what was refused, or dry, changed something (-before +after):\n%s", diff)
	}
	did := read[MachinesChanged](b, b.post("/machines/bulk", noted+`}`, idempotencyKey, "k"), http.StatusOK)
	if !did.Written || did.Changed != 3 || did.Items[0].Machine != "FL1" || cmp.Diff([]string{"note", "tags"}, did.Items[0].Fields) != "" {
		t.Errorf("did %+v", did)
	}
	read[MachinesChanged](b, b.post("/machines/bulk", noted+`}`, idempotencyKey, "k"), http.StatusOK)
	if entries := read[Tail[AuditEntry]](b, b.get("/audit?what=change+machine"), http.StatusOK).Items; len(entries) != 4 {
		t.Errorf("the audit has %d rows of changes, want one for each of 4", len(entries))
	}
	again := read[MachinesChanged](b, b.post("/machines/bulk", noted+`}`), http.StatusOK)
	if again.Changed != 0 || again.Unchanged != 3 {
		t.Errorf("the same once more = %+v", again)
	}
}

func TestManyMachinesAreLockedByWhoeverMay(t *testing.T) {
	b := newBench(t)
	for n := 1; n <= 3; n++ {
		b.add(n)
	}
	read[Team](b, b.as(auth.Admin, http.MethodPut, "/teams/team-web", `{}`), http.StatusOK)
	read[Machine](b, b.as(auth.Admin, http.MethodPatch, "/machines/FL2", `{"owner":"team-web"}`), http.StatusOK)
	before := b.versions(3)
	const lock = `{"selector":"rack=r1","expected":3,"lock":{"note":"audit"}}`
	p := b.refuses(b.as(auth.Engineer, http.MethodPost, "/machines/bulk", lock), http.StatusForbidden, "1 of 3 machines are refused")
	if len(p.Errors) != 1 || p.Errors[0].Location != "machines.FL2" {
		t.Errorf("errors = %+v", p.Errors)
	}
	b.refuses(b.as(auth.Technician, http.MethodPost, "/machines/bulk", lock), http.StatusForbidden, "3 of 3")
	b.refuses(b.as(auth.Viewer, http.MethodPost, "/machines/bulk", lock), http.StatusForbidden, "needs the role technician")
	if diff := cmp.Diff(before, b.versions(3)); diff != "" {
		t.Fatalf("a refused lock changed something (-before +after):\n%s", diff)
	}
	did := read[MachinesChanged](b, b.as(auth.Engineer, http.MethodPost, "/machines/bulk", `{"selector":"rack=r1 !owner","expected":2,"lock":{"note":"audit"}}`), http.StatusOK)
	if did.Changed != 2 || !read[Machine](b, b.get("/machines/FL3"), http.StatusOK).Flags.Locked {
		t.Errorf("did %+v", did)
	}
	did = read[MachinesChanged](b, b.post("/machines/bulk", `{"selector":"rack=r1","expected":3,"unlock":{}}`), http.StatusOK)
	if did.Changed != 2 || did.Unchanged != 1 || read[Machine](b, b.get("/machines/FL3"), http.StatusOK).Flags.Locked {
		t.Errorf("did %+v", did)
	}
}
