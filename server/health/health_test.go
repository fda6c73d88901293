package health

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func says(s State, detail string) Probe {
	return func(context.Context) (State, string) { return s, detail }
}

func TestCheckGivesEveryPartInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Registry
		release := make(chan struct{})
		defer close(release)
		r.Register("dhcp", says(OK, "answers on eth1"))
		r.Register("disk", func(context.Context) (State, string) { <-release; return OK, "" })
		r.Register("dns", func(context.Context) (State, string) { panic("no zone") })
		r.Register("images", says(Degraded, "none"))
		want := []Status{
			{"dhcp", OK, "answers on eth1"},
			{"disk", Failed, "did not answer within 2s"},
			{"dns", Failed, "its probe panicked: no zone"},
			{"images", Degraded, "none"},
		}
		if diff := cmp.Diff(want, r.Check(t.Context())); diff != "" {
			t.Errorf("Check() (-want +got):\n%s", diff)
		}
	})
}

func TestReady(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state State
		code  int
	}{
		{"a part that works is ready", OK, http.StatusOK},
		{"a degraded part still serves", Degraded, http.StatusOK},
		{"a failed part is not ready", Failed, http.StatusServiceUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r Registry
			r.Register("dhcp", says(tt.state, "detail"))
			w := httptest.NewRecorder()
			r.Ready().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
			if w.Code != tt.code || !strings.Contains(w.Body.String(), `"dhcp"`) {
				t.Errorf("Ready() = %d %s, want %d and the part", w.Code, w.Body, tt.code)
			}
		})
	}
}
