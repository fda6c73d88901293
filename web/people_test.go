package web

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
)

func TestTeamsAreSetOnThePage(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Admin)
	r := b.post("/people", cookie, "name", "grace", "role", "engineer", "teams", "web, search")
	if r.StatusCode != http.StatusOK || !strings.Contains(r.body, "One-time code for grace") || !strings.Contains(r.body, `value="search, web"`) {
		t.Errorf("invite = %d, want the code and the teams on the page", r.StatusCode)
	}
	if r := b.post("/people/grace/teams", cookie, "teams", "db"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("set teams = %d %s", r.StatusCode, r.body)
	}
	grace, err := b.people.Account(t.Context(), "grace")
	if diff := cmp.Diff([]string{"db"}, grace.Teams); diff != "" || err != nil {
		t.Errorf("teams (-want +got):\n%s, %v", diff, err)
	}
	r = b.post("/people/grace/teams", cookie, "teams", "Team DB")
	if r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(r.body, "want 1 to 63 lower-case letters") {
		t.Errorf("wrong teams = %d, want the page with the reason", r.StatusCode)
	}
}

func TestATokenForSomeTeams(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Engineer)
	if page := b.get("/account", cookie).body; !strings.Contains(page, "in 1 team: search-infra") || !strings.Contains(page, `type="checkbox" name="teams" value="search-infra"`) {
		t.Error("the account page does not show the teams")
	}
	if r := b.post("/account/tokens", cookie, "label", "ci", "role", "viewer", "days", "7", "teams", "search-infra"); r.StatusCode != http.StatusOK {
		t.Fatalf("make token = %d %s", r.StatusCode, r.body)
	}
	all, err := b.people.Tokens(t.Context(), "engineer")
	if err != nil || len(all) != 1 || !slices.Equal(all[0].Teams, []string{"search-infra"}) {
		t.Errorf("tokens = %+v, %v", all, err)
	}
	if r := b.post("/account/tokens", cookie, "label", "ci", "role", "viewer", "days", "7", "teams", "web"); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(r.body, "you are not in it") {
		t.Errorf("token for a team of others = %d", r.StatusCode)
	}
}

func TestChangingThePassword(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Viewer)
	const next = "four other words for gates"
	r := b.post("/account/password", cookie, "old", "guess", "password", next)
	if r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(r.body, "The old password is wrong.") {
		t.Errorf("with a wrong old one = %d, want the page with the reason", r.StatusCode)
	}
	renewed := sessionOf(t, b.post("/account/password", cookie, "old", password, "password", next))
	if renewed == cookie || !denied(b.get("/", cookie)) || denied(b.get("/", renewed)) {
		t.Error("want the old session ended and the new one good")
	}
}

func TestTheAuditPageAsks(t *testing.T) {
	c := full()
	b := newBench(t, c)
	cookie := b.as(auth.Admin)
	page := b.get("/audit?who=root&what=log+in&object=x&since=2026-03-01&until=2026-03-02&before=7", cookie).body
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	want := auth.Query{Who: "root", What: "log in", Object: "x", Since: day(1), Until: day(3), Before: 7, Limit: auditRows + 1}
	if diff := cmp.Diff(want, c.queried); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if !strings.Contains(page, `name="who" type="text" value="root"`) {
		t.Error("the form forgets what was asked")
	}
	export := "/api/v1/audit/export?" + url.Values{
		"format": {"csv"}, "who": {"root"}, "what": {"log in"}, "object": {"x"}, "since": {"2026-03-01T00:00:00Z"}, "until": {"2026-03-03T00:00:00Z"},
	}.Encode()
	if !strings.Contains(html.UnescapeString(page), `"`+export+`"`) {
		t.Errorf("the page has no link to %s", export)
	}
	for range auditRows + 1 {
		c.entries = append(c.entries, auth.Entry{ID: 9, Who: "root"})
	}
	if page := b.get("/audit?who=root", cookie).body; !strings.Contains(page, `href="/audit?before=9&amp;who=root"`) {
		t.Error("the page has no link to the older rows")
	}
	for query, says := range map[string]string{
		"since=yesterday": "want a day such as 2026-03-01", "before=x": "want the id of a row",
		"chain": "The chain is whole", "chain=1+9f": "broken at row 1", "chain=" + url.QueryEscape("105 "+strings.Repeat("9f3c", 16)): "The head that you kept is among them",
	} {
		if r := b.get("/audit?"+query, cookie); r.StatusCode != http.StatusOK || !strings.Contains(r.body, says) {
			t.Errorf("GET /audit?%s = %d, want …%s…", query, r.StatusCode, says)
		}
	}
	if page := b.get("/audit", cookie).body; !strings.Contains(page, `<span class="note">policy</span> observe`) || !strings.Contains(page, "its owner is search") {
		t.Error("the page does not show the fields that changed, or the note")
	}
}
