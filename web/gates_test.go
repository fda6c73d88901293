package web

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

func TestAMachineSaysWhatItWaitsFor(t *testing.T) {
	c := full()
	m, err := c.Machine("MQ0009")
	if err != nil {
		t.Fatal(err)
	}
	w := &machine.Wait{ID: "w", Machine: m.ID, Gate: "vlan", Title: "switch VLAN", Since: at(0), Deadline: cannedNow.Add(time.Hour)}
	late := *w
	late.LateAt = cannedNow
	b := newBench(t, c)
	cookies := map[auth.Role]string{auth.Engineer: b.as(auth.Engineer), auth.Viewer: b.as(auth.Viewer)}
	for _, look := range []struct {
		who         auth.Role
		wait        *machine.Wait
		has, hasNot string
	}{
		{auth.Viewer, w, "Waits for: <strong>switch VLAN, ", "pass-gate"},
		{auth.Engineer, w, "/machines/MQ0009/pass-gate", "/machines/MQ0009/ask-gate"},
		{auth.Engineer, &late, "/machines/MQ0009/ask-gate", "switch VLAN, open"},
	} {
		c.mu.Lock()
		c.waits = map[string][]*machine.Wait{m.ID: {look.wait}}
		c.mu.Unlock()
		if r := b.get("/machines/MQ0009", cookies[look.who]); !strings.Contains(r.body, look.has) || strings.Contains(r.body, look.hasNot) {
			t.Errorf("as %s before a gate that is %s: want the page to say %q and not %q", look.who, look.wait.State(), look.has, look.hasNot)
		}
	}
	if r := b.get("/machines/MQ0009/pass-gate", cookies[auth.Engineer]); !strings.Contains(r.body, `value="vlan"`) {
		t.Error("the dialog does not offer the gate")
	}
	b.post("/machines/MQ0009/pass-gate", cookies[auth.Engineer], "gate", "vlan", "note", "set by hand")
	b.post("/machines/MQ0009/ask-gate", cookies[auth.Engineer], "gate", "vlan")
	got := strings.Join(c.asked, "; ")
	for _, want := range []string{"pass-gate MQ0009 vlan set by hand", "ask-gate MQ0009 vlan"} {
		if !strings.Contains(got, want) {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
}
