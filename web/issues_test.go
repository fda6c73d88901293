package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/issue"
	"firstlight/server/machine"
)

// TestWhoHasAnIssue looks at one held machine as three people do.
func TestWhoHasAnIssue(t *testing.T) {
	c := full()
	m, err := c.Machine("MQ0009")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, c)
	cookies := map[auth.Role]string{auth.Technician: b.as(auth.Technician), auth.Viewer: b.as(auth.Viewer)}
	for _, look := range []struct {
		who         auth.Role
		taken       string
		has, hasNot string
	}{
		{auth.Technician, "", "I have this one", "Take over"},
		{auth.Technician, "ada", "ada has this one, taken <time", "Give back"},
		{auth.Technician, "technician", "You have this one, taken <time", "Take over"},
		{auth.Viewer, "", "MQ0009", "I have this one"},
	} {
		c.mu.Lock()
		c.taken = map[string]string{m.ID: look.taken}
		c.mu.Unlock()
		for _, path := range []string{"/needs?q=name%3DMQ0009", "/machines/MQ0009"} {
			r := b.get(path, cookies[look.who])
			if r.StatusCode != http.StatusOK || !strings.Contains(r.body, look.has) || strings.Contains(r.body, look.hasNot) {
				t.Errorf("GET %s as %s, taken by %q = %d, want it to say %q and not %q", path, look.who, look.taken, r.StatusCode, look.has, look.hasNot)
			}
		}
	}
}

// TestAnIssueAboutAnother shows the one that a machine shares with something
// without a record, before its own.
func TestAnIssueAboutAnother(t *testing.T) {
	c := full()
	m, err := c.Machine("MQ0009")
	if err != nil {
		t.Fatal(err)
	}
	c.clashes = map[string][]*machine.Issue{m.ID: {{
		Kind: issue.IdentityClash, Subject: "02:00:00:00:00:09", Machine: m.ID, Name: "02:00:00:00:00:09",
		Sentence: "something else shows its serial", Since: at(time.Hour),
	}}}
	b := newBench(t, c)
	r := b.get("/machines/MQ0009", b.as(auth.Technician))
	clash, own := strings.Index(r.body, "Something else shows its serial"), strings.Index(r.body, "issue-"+m.ID+"-held")
	if r.StatusCode != http.StatusOK || clash < 0 || own < clash {
		t.Errorf("GET = %d, the clash at %d and its own at %d, want one after the other", r.StatusCode, clash, own)
	}
}

func TestTakingAnIssueReachesTheAppliance(t *testing.T) {
	c := full()
	m, err := c.Machine("MQ0009")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, c)
	cookie := b.as(auth.Admin)
	for _, p := range []struct {
		path string
		form []string
		next string
	}{
		{"/issues/" + m.ID + "/held/take", []string{"over", "yes"}, "/machines/MQ0009"},
		{"/issues/02:00:00:00:00:09/identity-clash/take", nil, "/needs"},
		{"/issues/" + m.ID + "/held/drop", nil, "/needs"},
		{"/machines/MQ0009/accept-port", nil, "/machines/MQ0009"},
	} {
		if r := b.post(p.path, cookie, p.form...); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != p.next {
			t.Errorf("POST %s = %d to %s, want it to lead to %s", p.path, r.StatusCode, r.Header.Get("Location"), p.next)
		}
	}
	got := strings.Join(c.asked, "; ")
	for _, want := range []string{"root take " + m.ID + " held true", "root drop " + m.ID + " held", "root accept-port MQ0009"} {
		if !strings.Contains(got, want) {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
}

func TestWhatIsNotAsDeclaredIsATable(t *testing.T) {
	c := full()
	c.types = map[string]*machine.HardwareType{"big": {Name: "big", Cores: 512}}
	c.change("MQ0000", func(m *machine.Machine) { m.Type = "big" })
	b := newBench(t, c)
	cookie := b.as(auth.Viewer)
	if r := b.get("/machines/MQ0000", cookie); !strings.Contains(r.body, "<td data-label=\"declared\">512</td>") || !strings.Contains(r.body, "hardware type big") {
		t.Error("the page does not show the cores that the hardware type declares")
	}
	if r := b.get("/needs", cookie); !strings.Contains(r.body, "Not looked for: Puppet never ran.") {
		t.Error("the page does not say what nobody looks for")
	}
}
