package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"firstlight/server/auth"
)

// stories are all pages, with the canned site or another.
var stories = []struct{ name, path string }{
	{"racks", "/"},
	{"racks-found", "/?q=status%3Din_use"},
	{"racks-error", "/?q=rack%3Dr12+statsu%3Dheld"},
	{"rack", "/racks/r12"},
	{"rack-empty", "/racks/r99"},
	{"rack-sheet", "/racks/r12/sheet"},
	{"rack-sheet-empty", "/racks/r99/sheet"},
	{"needs", "/needs"},
	{"deliveries", "/deliveries"},
	{"delivery", "/deliveries/2026-1140"},
	{"delivery-closed", "/deliveries/2026-0971"},
	{"ask-close", "/deliveries/2026-1140/close"},
	{"machines", "/machines"},
	{"bulk", "/change?q=role%3Dweb"},
	{"machines-none", "/machines?q=name%3Dnobody"},
	{"machine-installing", "/machines/MQ0012"},
	{"machine-in-use", "/machines/MQ0000"},
	{"machine-available", "/machines/MQ0010"},
	{"machine-held", "/machines/MQ0009"},
	{"machine-broken", "/machines/MQ0016"},
	{"machine-expected", "/machines/MQ0007"},
	{"machine-long", "/machines/A-VERY-LONG-SERIAL-NUMBER-THAT-SOME-VENDOR-WROTE-0000000000000001"},
	{"timeline-of-files", "/machines/MQ0012?source=files"},
	{"timeline-older", "/machines/MQ0012?before=5"},
	{"ask-install", "/machines/MQ0010/install"},
	{"ask-release", "/machines/MQ0009/release"},
	{"ask-power", "/machines/MQ0000/power"},
	{"ask-waive", "/machines/MQ0009/waive"},
	{"ask-lock", "/machines/MQ0000/lock"},
	{"machine-locked", "/machines/MQ0022"},
	{"machine-repairing", "/machines/MQ0017"},
	{"ask-broken", "/machines/MQ0010/broken"},
	{"ask-repair", "/machines/MQ0016/repair"},
	{"ask-repaired", "/machines/MQ0017/repaired"},
	{"ask-return", "/machines/MQ0016/return"},
	{"ask-retire", "/machines/MQ0010/retire"},
	{"ask-erase", "/machines/MQ0010/erase"},
	{"ask-adopt-bmc", "/machines/MQ0010/adopt-bmc"},
	{"ask-check", "/machines/MQ0009/check"},
	{"ask-unfence", "/machines/MQ0016/unfence"},
	{"papers", "/machines/MQ0010/certificates"},
	{"ask-cancel", "/jobs/13fd7feb-95ae-4b0c-b6ff-1f8d1b3ab9c1/cancel"},
	{"jobs", "/jobs"},
	{"job", "/jobs/13fd7feb-95ae-4b0c-b6ff-1f8d1b3ab9c1"},
	{"job-failed", "/jobs/77aa0c22-0000-4b0c-b6ff-1f8d1b3ab9c1"},
	{"images", "/images"},
	{"network", "/network"},
	{"network-trial", "/network?machine=MQ0009&firmware=uefi&arch=x64"},
	{"network-trial-stranger", "/network?firmware=uefi&arch=x64"},
	{"subnet-add", "/network?new=1"},
	{"subnet-edit", "/network/boot/edit"},
	{"packets", "/packets/52:54:00:12:34:56"},
	{"rules", "/rules"},
	{"rules-add", "/rules?new=1"},
	{"selectors", "/selectors"},
	{"machines-error", "/machines?q=rack%3Dr12+statsu%3Dheld"},
	{"machine-edit", "/machines/MQ0000/edit"},
	{"machine-edit-new", "/machines/MQ0007/edit"},
	{"rule-edit", "/rules/lab-metal/edit"},
	{"ask-drop-rule", "/rules/lab-metal/delete"},
	{"plan", "/plan"},
	{"plan-sites", "/plan/sites"},
	{"plan-racks", "/plan/racks?site=lon6&name=r14"},
	{"plan-types", "/plan/types"},
	{"plan-services", "/plan/services"},
	{"plan-roles", "/plan/roles?new=1"},
	{"plan-gates", "/plan/gates"},
	{"plan-pools", "/plan/pools"},
	{"plan-site", "/plan/sites/lon6"},
	{"plan-type", "/plan/types/high-io"},
	{"plan-role", "/plan/roles/web"},
	{"plan-edit-rack", "/plan/racks/r12/edit"},
	{"plan-edit-type", "/plan/types/high-io/edit"},
	{"plan-edit-role", "/plan/roles/web/edit"},
	{"plan-edit-gate", "/plan/gates/vlan/edit"},
	{"ask-drop", "/plan/sites/ams1/delete"},
	{"ask-drop-used", "/plan/sites/lon6/delete"},
	{"health", "/health"},
	{"api", "/api"},
	{"account", "/account"},
	{"people", "/people"},
	{"ask-shut-out", "/people/root/disabled"},
	{"audit", "/audit"},
	{"audit-asked", "/audit?who=root&since=2026-03-01"},
	{"audit-chain", "/audit?chain"},
	{"audit-broken", "/audit?chain=9+9f3c"},
	{"audit-wrong", "/audit?since=yesterday"},
}

func TestEveryPageRenders(t *testing.T) {
	for site, c := range map[string]*canned{"full": full(), "empty": {}} {
		b := newBench(t, c)
		cookie := b.as(auth.Admin)
		for _, s := range stories {
			if site == "empty" && (strings.HasPrefix(s.path, "/machines/") || strings.HasPrefix(s.path, "/change") || strings.HasPrefix(s.path, "/racks/") || strings.HasPrefix(s.path, "/deliveries/") || strings.HasPrefix(s.path, "/jobs/") || (strings.HasPrefix(s.path, "/plan/") || strings.HasPrefix(s.path, "/rules/") || strings.HasPrefix(s.path, "/network/")) && strings.Count(s.path, "/") > 2) {
				continue // nothing is there to look at
			}
			t.Run(site+" "+s.name, func(t *testing.T) {
				r := b.get(s.path, cookie)
				if r.StatusCode != http.StatusOK {
					t.Fatalf("GET %s = %d: %s", s.path, r.StatusCode, r.body)
				}
				checkPage(t, r.body)
			})
		}
	}
}

// checkPage reads the page as browsers do and looks for what must not be.
func checkPage(t *testing.T, body string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatalf("the page is not HTML: %v", err)
	}
	checkNames(t, doc)
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s=%q>: the policy forbids it", n.Data, a.Key, a.Val)
			}
			if a.Key == "id" && ids[a.Val] {
				t.Errorf("two elements have the id %q", a.Val)
			}
			if a.Key == "id" {
				ids[a.Val] = true
			}
		}
		if n.Type == html.TextNode && (strings.Contains(n.Data, "ZgotmplZ") || strings.Contains(n.Data, "<no value>")) {
			t.Errorf("text %q: a template refused or missed a value", n.Data)
		}
	}
	if !ids["main"] {
		t.Error("the page has no #main")
	}
}

func TestAReadThatFailsIsAnErrorPage(t *testing.T) {
	c := full()
	b := newBench(t, c)
	cookie := b.as(auth.Admin)
	c.broken = errors.New("disk on fire")
	for _, path := range []string{"/machines/MQ0012", "/audit"} {
		r := b.get(path, cookie)
		if r.StatusCode != http.StatusInternalServerError || strings.Contains(r.body, "fire") || !strings.Contains(r.body, "log says") {
			t.Errorf("GET %s = %d, want 500 without the cause: %s", path, r.StatusCode, r.body)
		}
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Admin)
	for _, path := range []string{"/machines/NOBODY", "/jobs/0", "/nowhere", "/static/app.css", "/machines/NOBODY/install"} {
		if r := b.get(path, cookie); r.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, r.StatusCode)
		}
	}
}
