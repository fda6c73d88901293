package bmcsim_test

import (
	"fmt"
	"net/http"
	"testing"

	"firstlight/server/oob/bmcsim"
)

const sessionsPath = "/redfish/v1/SessionService/Sessions"

func login(b http.Handler, password string) (status int, token, at string) {
	w := ask(b, "POST", sessionsPath, fmt.Sprintf(`{"UserName":"admin","Password":%q}`, password), without("Authorization"))
	return w.Code, w.Header().Get("X-Auth-Token"), w.Header().Get("Location")
}

func TestSessionSlotsRunOutAndComeBack(t *testing.T) {
	b, _ := newBMC(t, bmcsim.Options{Slots: 2})
	_, _, _ = login(b, string(password))
	status, token, at := login(b, string(password))
	if status != 201 {
		t.Fatalf("second log-in = %d, want 201", status)
	}
	if status, _, _ = login(b, string(password)); status != 503 {
		t.Fatalf("log-in without a free slot = %d, want 503", status)
	}
	byToken := []func(*http.Request){without("Authorization"), with("X-Auth-Token", token)}
	if w := ask(b, "GET", systemPath, "", byToken...); w.Code != 200 {
		t.Errorf("GET with a token = %d, want 200", w.Code)
	}
	if w := ask(b, "DELETE", at, "", byToken...); w.Code != 204 {
		t.Errorf("DELETE %s = %d, want 204", at, w.Code)
	}
	if w := ask(b, "GET", systemPath, "", byToken...); w.Code != 401 {
		t.Errorf("GET with the token of a closed session = %d, want 401", w.Code)
	}
	if status, _, _ = login(b, string(password)); status != 201 || b.Counts().Sessions != 2 {
		t.Errorf("log-in after a slot came back = %d with %d sessions, want 201 with 2", status, b.Counts().Sessions)
	}
}

func TestThreeRefusalsInARowLockTheAccount(t *testing.T) {
	b, _ := newBMC(t, bmcsim.Options{})
	wrong := func(r *http.Request) { r.SetBasicAuth("admin", "wrong") }
	for range 2 {
		ask(b, "GET", systemPath, "", wrong)
	}
	if w := ask(b, "GET", systemPath, ""); w.Code != 200 {
		t.Fatalf("GET after two refusals = %d, want 200", w.Code)
	}
	for range 3 {
		ask(b, "GET", systemPath, "", wrong)
	}
	if w := ask(b, "GET", systemPath, ""); w.Code != 401 || !b.Counts().Locked {
		t.Errorf("GET after three refusals in a row = %d, locked %v, want 401, locked", w.Code, b.Counts().Locked)
	}
	if status, _, _ := login(b, string(password)); status != 401 {
		t.Errorf("log-in of a locked account = %d, want 401", status)
	}
	b.Unlock()
	if w := ask(b, "GET", systemPath, ""); w.Code != 200 {
		t.Errorf("GET after Unlock = %d, want 200", w.Code)
	}
}

func TestATaskMonitorSaysWhenItIsOver(t *testing.T) {
	b, m := newBMC(t, bmcsim.Options{})
	b.SetFaults(bmcsim.Faults{Task: true})
	w := ask(b, "POST", resetPath, `{"ResetType":"On"}`)
	monitor := w.Header().Get("Location")
	if w.Code != 202 || monitor == "" {
		t.Fatalf("reset = %d at %q, want 202 and a task monitor", w.Code, monitor)
	}
	b.Close() // waits for what was begun or drops it
	w = ask(b, "GET", monitor, "")
	if done := w.Code == 200; done != m.Running() {
		t.Errorf("GET %s = %d while the machine runs: %v, want 200 once it does", monitor, w.Code, m.Running())
	}
}
