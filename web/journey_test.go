package web

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// TestAPersonInABrowser goes the way of a newcomer: code, rack, machine,
// Install, the page following, the server going.
func TestAPersonInABrowser(t *testing.T) {
	c := full()
	b := newBench(t, c)
	code, err := b.people.FirstCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx := browser(t)
	do(t, ctx,
		chromedp.Navigate(b.URL+"/"),
		chromedp.SendKeys(chromedp.CSS("[name=code]"), strings.ToLower(code)),
		chromedp.SendKeys(chromedp.CSS("[name=name]"), "root"),
		chromedp.SendKeys(chromedp.CSS("[name=password]"), password+kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#tile-0190-0010")))

	t.Run("a tile moves by itself", func(t *testing.T) {
		c.change("MQ0011", func(m *machine.Machine) { m.Status = machine.InUse })
		eventually(t, ctx, `document.querySelector("#tile-0190-0011 .word").textContent === "in use"`)
	})
	t.Run("a slash leads to the search", func(t *testing.T) {
		// A key as keyboards send it: what the page stops is not typed.
		call(t, ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "/", Code: "Slash", Text: "/"})
		call(t, ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: "/", Code: "Slash"})
		eventually(t, ctx, `document.activeElement.name === "q"`)
		do(t, ctx, chromedp.SendKeys(chromedp.CSS("[name=q]"), "status=available"+kb.Enter))
		eventually(t, ctx, `document.querySelectorAll(".tile").length === 1`)
	})
	t.Run("install asks for the name, then goes", func(t *testing.T) {
		do(t, ctx, chromedp.Click(chromedp.CSS("#tile-0190-0010")), chromedp.WaitVisible(chromedp.CSS("#head [data-dialog][href$=install]")),
			chromedp.Click(chromedp.CSS("#head [data-dialog][href$=install]")), chromedp.WaitVisible(chromedp.CSS("#dialog[open] [name=typed]")))
		eventually(t, ctx, `document.querySelector("#dialog button").disabled`)
		do(t, ctx, chromedp.SendKeys(chromedp.CSS("#dialog [name=typed]"), "MQ0010"))
		eventually(t, ctx, `!document.querySelector("#dialog button").disabled`)
		do(t, ctx, chromedp.Click(chromedp.CSS("#dialog button")))
		eventually(t, ctx, `!document.querySelector("#dialog[open]") && document.readyState === "complete"`)
		c.mu.Lock()
		defer c.mu.Unlock()
		if got := strings.Join(c.asked, "; "); got != "root install MQ0010 debian-12" {
			t.Errorf("asked %q, want one install", got)
		}
	})
	t.Run("an open detail and the focus stay through an update", func(t *testing.T) {
		do(t, ctx, chromedp.Click(chromedp.CSS("#why summary")))
		c.change("MQ0010", func(m *machine.Machine) { m.Status = machine.Installing; m.Observed.Progress = 0.4 })
		eventually(t, ctx, `document.querySelector("#head .pill").textContent.includes("40 %")`)
		eventually(t, ctx, `document.querySelector("#why").open && document.activeElement.closest("#why") !== null`)
	})
	t.Run("a server that is gone is said to be", func(t *testing.T) {
		b.site.Close()
		b.Server.CloseClientConnections()
		eventually(t, ctx, `/^last heard \d\d:\d\d:\d\d$/.test(document.querySelector("#live.gone")?.textContent)`)
	})
}

// TestPagesFitAPhone looks for what would have to be scrolled sideways.
func TestPagesFitAPhone(t *testing.T) {
	b := newBench(t, full())
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(b.URL+"/login"))
	b.logIn(ctx, auth.Admin)
	do(t, ctx, chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
	for _, path := range []string{
		"/", "/racks/r12", "/racks/r12/sheet", "/deliveries", "/deliveries/2026-1140", "/needs", "/machines", "/machines/MQ0012", "/machines/MQ0009", "/jobs", "/network", "/people", "/machines/MQ0009/release",
		"/plan", "/plan/sites/lon6", "/plan/types/high-io/edit", "/machines/MQ0000/edit", "/rules?new=1", "/selectors",
		"/machines/A-VERY-LONG-SERIAL-NUMBER-THAT-SOME-VENDOR-WROTE-0000000000000001",
	} {
		do(t, ctx, chromedp.Navigate(b.URL+path))
		width := run(t, ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
		if width > 360 {
			wide := run(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > 361).map((e) => e.nodeName + "." + e.className + "#" + e.id).slice(0, 8).join(" ")`))
			t.Errorf("%s is %d wide on a phone, want at most 360; see %s", path, width, wide)
		}
	}
}
