package web

import (
	"net/http"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// navGroup is a block of the side bar.
type navGroup struct {
	Name  string
	Items []navItem
}

// navItem is one line of it. Count is shown when above zero.
type navItem struct {
	Name, URL string
	Count     int
	Asks      bool // the count asks for somebody
	Here      bool
}

// nav is the side bar for a user; nobody has none.
func (s *Site) nav(r *http.Request, u auth.User) []navGroup {
	if u.Role == auth.Nobody {
		return nil
	}
	all := s.Data.Machines()
	open := len(s.Data.Jobs(func(j *machine.Job) bool { return j.Status.Open() }))
	groups := []navGroup{
		{"", []navItem{
			{Name: "Racks", URL: "/"},
			{Name: "Machines", URL: "/machines", Count: len(all)},
			{Name: "Needs you", URL: "/needs", Count: asking(s.Data.Issues()), Asks: true},
		}},
		{"Work", []navItem{
			{Name: "Deliveries", URL: "/deliveries"},
			{Name: "Jobs", URL: "/jobs", Count: open},
			{Name: "Images", URL: "/images"},
			{Name: "Network", URL: "/network"},
			{Name: "Rules", URL: "/rules"},
			{Name: "Plan", URL: "/plan"},
		}},
		{"Site", siteItems(u)},
	}
	for _, g := range groups {
		for i := range g.Items {
			g.Items[i].Here = here(r, g.Items[i].URL)
		}
	}
	return groups
}

func siteItems(u auth.User) []navItem {
	items := []navItem{{Name: "Health", URL: "/health"}, {Name: "Account", URL: "/account"}, {Name: "API", URL: "/api"}}
	if u.Role.Allows(auth.Admin) {
		items = append(items, navItem{Name: "People", URL: "/people"}, navItem{Name: "Audit", URL: "/audit"})
	}
	return items
}

// here tells whether an item leads to the page that is shown, or to the list
// that it belongs to.
func here(r *http.Request, path string) bool {
	if path == "/" { // the list of racks
		return r.URL.Path == path || strings.HasPrefix(r.URL.Path, "/racks/")
	}
	return r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/")
}

// asking counts the subjects of issues: a machine that has two asks once.
func asking(all []*machine.Issue) int {
	subjects := map[string]bool{}
	for _, i := range all {
		subjects[i.Subject] = true
	}
	return len(subjects)
}
