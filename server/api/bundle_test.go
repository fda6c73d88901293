package api

import (
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
	"firstlight/server/bundle"
	"firstlight/server/machine"
)

func TestABundleIsTakenAway(t *testing.T) {
	b := newBench(t)
	b.add(1)
	if r := b.as(auth.Admin, http.MethodPatch, "/machines/FL1", `{"params":{"root_password":"Canary-of-params"}}`); r.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	for ref, about := range map[string]string{"FL1": "FL1", "52-54-00-aa-bb-cc": "52:54:00:aa:bb:cc"} {
		r := b.as(auth.Technician, http.MethodGet, "/machines/"+ref+"/bundle", "")
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Disposition") != `attachment; filename="`+strings.ReplaceAll(about, ":", "-")+`.zip"` {
			t.Fatalf("bundle of %s = %d %v %.200s", ref, r.StatusCode, r.Header, r.body)
		}
		got, err := bundle.Read(strings.NewReader(r.body), int64(len(r.body)))
		if err != nil {
			t.Fatal(err)
		}
		if got.About != about || (got.Machine != nil) != (ref == "FL1") || len(got.Subnets) == 0 || len(got.Boot) == 0 {
			t.Errorf("bundle of %s = %+v", ref, got.Head)
		}
		if got.Machine != nil && (len(got.Machine.Params) > 0 || got.Machine.Status != machine.Available) {
			t.Errorf("machine = %+v, want its status and no parameters", got.Machine)
		}
	}
	b.refuses(b.as(auth.Viewer, http.MethodGet, "/machines/FL1/bundle", ""), http.StatusForbidden, "technician")
	b.refuses(b.as(auth.Technician, http.MethodGet, "/machines/nobody/bundle", ""), http.StatusNotFound, "nobody")
	if r := b.as(auth.Admin, http.MethodGet, "/audit?what=bundle", ""); !strings.Contains(r.body, `"FL1"`) || !strings.Contains(r.body, `"52:54:00:aa:bb:cc"`) || strings.Contains(r.body, "nobody") {
		t.Errorf("audit = %s, want both that were taken", r.body)
	}
}
