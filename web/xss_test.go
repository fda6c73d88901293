package web

import (
	"bufio"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// watcher counts what a payload would call, dialogs included, and every
// attempt that only the policy stopped.
const watcher = `window.ran = 0; window.stopped = 0;
window.x = window.alert = window.confirm = window.prompt = () => { window.ran++ };
document.addEventListener("securitypolicyviolation", () => { window.stopped++ });`

// poisoned is a site where each payload stands in every text that a machine, a
// client or a person can choose.
func poisoned(t *testing.T) *bench {
	t.Helper()
	payloads := readPayloads(t)
	if len(payloads) < 60 {
		t.Fatalf("testdata/xss.txt has %d payloads, want at least 60", len(payloads))
	}
	c := &canned{events: map[string][]journal.Event{}, changes: map[string][]Change{}, subnets: full().subnets}
	for i, p := range payloads {
		poison(c, i, p)
	}
	return newBench(t, c)
}

var poisonedLists = []string{"/", "/machines", "/jobs", "/network", "/packets/52:54:00:12:34:56", "/plan", "/plan/options", "/needs", "/deliveries", "/network?new=1", "/rules", "/images", "/health", "/audit", "/?q=" + url.QueryEscape("<script>x()</script>")}

// pagesOf is the machine's pages and dialogs.
func (b *bench) pagesOf(i int) []string {
	m := machineURL(b.canned.machines[i])
	return []string{m, m + "/release", m + "/install", m + "/power", "/jobs/" + b.canned.jobs[i].ID, "/jobs/" + b.canned.jobs[i].ID + "/cancel"}
}

// TestStrangersWordsAreText reads every page with every payload as browsers
// parse it, and finds no element or attribute that a payload planted.
func TestStrangersWordsAreText(t *testing.T) {
	b := poisoned(t)
	cookie := b.as(auth.Admin)
	paths := poisonedLists
	for i := range b.canned.machines {
		paths = append(paths, b.pagesOf(i)...)
	}
	for _, path := range paths {
		r := b.get(path, cookie)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("GET %s = %d: %s", path, r.StatusCode, r.body)
		}
		doc, err := html.Parse(strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if why := planted(n); why != "" {
				t.Errorf("%s: <%s> %v: %s", path, n.Data, n.Attr, why)
			}
		}
	}
}

// planted tells what is wrong with an element that our templates cannot make.
func planted(n *html.Node) string {
	switch n.Data {
	case "iframe", "object", "embed", "base", "style", "math", "template", "video", "audio", "marquee", "noscript":
		if n.Type == html.ElementNode {
			return "no template has this element"
		}
	}
	for _, a := range n.Attr {
		leads := a.Key == "href" || a.Key == "action"
		switch {
		case strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc":
			return "no template has the attribute " + a.Key
		case a.Key == "src" && !strings.HasPrefix(a.Val, "/static/"):
			return "it loads what is not ours"
		case leads && (strings.HasPrefix(a.Val, "//") || !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#")):
			return "it leads elsewhere"
		}
	}
	return ""
}

// TestStrangersWordsNeverRun opens the lists, which hold every payload, and
// some of the machines' pages in a browser.
func TestStrangersWordsNeverRun(t *testing.T) {
	b := poisoned(t)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(b.URL+"/login"))
	b.logIn(ctx, auth.Admin)
	call(t, ctx, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: watcher})
	paths := poisonedLists
	for i := 0; i < len(b.canned.machines); i += 8 {
		paths = append(paths, b.pagesOf(i)[0])
	}
	for _, path := range paths {
		do(t, ctx, chromedp.Navigate(b.URL+path))
		// A live page morphs once after its load: wait for that too.
		eventually(t, ctx, `!document.body.hasAttribute("data-live") || document.body.dataset.live === "on"`)
		if got := run(t, ctx, chromedp.Evaluate[string](`"ran " + window.ran + ", stopped " + window.stopped`)); got != "ran 0, stopped 0" {
			t.Errorf("%s: %s, want nothing", path, got)
		}
	}
}

func readPayloads(t *testing.T) (all []string) {
	t.Helper()
	f, err := os.Open("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if s := lines.Text(); s != "" && !strings.HasPrefix(s, "# ") {
			all = append(all, s)
		}
	}
	return all
}

// poison adds a machine, and all that hangs on it, made of one text.
func poison(c *canned, i int, p string) {
	m := cannedMachine(i)
	m.ID, m.Status, m.Reason = fmt.Sprintf("x-%d", i), machine.Held, "disk-not-empty"
	m.Owned = false
	for _, field := range []*string{
		&m.Name, &m.Serial, &m.UUID, &m.Vendor, &m.Product, &m.Sentence, &m.Flags.LockNote, &m.Site, &m.Rack, &m.Hostname, &m.Role, &m.Pool, &m.Owner, &m.Image, &m.Rule,
		&m.NICs[0].Name, &m.BMC.Type, &m.BMC.Address, &m.BMC.Firmware, &m.BMC.Failed, &m.Observed.Power, &m.Observed.BootAnswer, &m.Observed.Waits,
		&m.Facts.Vendor, &m.Facts.Product, &m.Facts.Firmware, &m.Facts.Platform, &m.Facts.Kernel, &m.Facts.Arch, &m.Facts.CPU, &m.Facts.Missing[0],
		&m.Facts.Disks[0].Name, &m.Facts.Disks[0].Serial, &m.Facts.Disks[0].Model, &m.Facts.Disks[0].Transport, &m.Facts.Disks[0].WWN, &m.Facts.NICs[0].Firmware, &m.Facts.NICs[0].PCI, &m.Facts.NICs[0].ID,
		&m.Facts.FirmwareVendor, &m.Facts.FirmwareDate, &m.Facts.Board, &m.Facts.ChassisVendor, &m.Facts.ChassisType, &m.Facts.Asset, &m.Facts.Microcode,
		&m.Facts.PCI[0].Address, &m.Facts.PCI[0].Class, &m.Facts.PCI[0].ID, &m.Facts.PCI[0].Subsystem, &m.Facts.PCI[0].Driver, &m.Facts.Disks[0].Firmware, &m.Facts.NICs[0].Name, &m.Facts.NICs[0].Driver,
	} {
		*field = p
	}
	m.NICs[0].Switch, m.NICs[0].Port, m.NICs[0].SeenSwitch, m.NICs[0].SeenPort, m.BMC.Switch, m.BMC.Port = p, p, p, p, p, p
	m.Observed.Relayed = []machine.Relayed{{MAC: m.NICs[0].MAC, Relay: netip.AddrFrom4([4]byte{10, 0, 0, 1}), Circuit: []byte(p), Remote: []byte(p)}}
	m.Flags.Locked, m.BMC.Proven, m.Facts.DIMMs[0].Type = true, false, p
	m.Facts.DIMMs[0].Slot, m.Facts.DIMMs[0].Vendor, m.Facts.DIMMs[0].Part, m.Facts.DIMMs[0].Serial = p, p, p, p
	m.Facts.Disks[0].Contents = []machine.Content{{Device: p, Kind: p, Type: p, Label: p, Used: 1}}
	c.machines = append(c.machines, m)
	c.jobs = append(c.jobs, &machine.Job{
		ID: fmt.Sprintf("j-%d", i), Machine: m.ID, Action: machine.Action(p), Status: machine.JobStarted, Result: p, Target: p, Params: map[string]string{p: p, "disk": p, "image": p},
		Requester: p, User: p, Steps: []machine.Step{{Name: p, Status: machine.StepRunning, Error: p, Note: p, Attempt: 2}},
	})
	c.events[m.ID] = []journal.Event{{ID: 1, At: cannedNow, Source: journal.Source(p), Text: p, Who: p, Details: map[string]string{p: p}}, {Source: journal.Log, Details: map[string]string{journal.DetailLog: p}}}
	c.changes[m.ID] = []Change{{At: cannedNow, From: machine.Status(p), To: machine.Status(p), Who: p, Why: p, Sentence: p, Guards: []string{p}}}
	c.strangers = append(c.strangers, journal.Event{MAC: machine.MAC{2, byte(i)}, Text: p})
	c.leases = append(c.leases, lease.Lease{Address: netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), Hostname: p, State: lease.State(p), Subnet: p})
	c.rules = append(c.rules, &machine.Rule{Name: p, Match: p, Role: p, Image: p, Rack: p, Site: p, Accept: true})
	c.images = append(c.images, &machine.Image{Name: p, Arch: p, SHA256: p})
	c.checks = append(c.checks, Check{p, p, p})
	c.entries = append(c.entries, auth.Entry{Who: p, Address: p, What: p, Object: p, Before: p, After: p})
}
