package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"firstlight/server/auth"
)

// TestAPersonPlansARack goes from an empty plan to a machine in its place: site,
// room, rack and type, then the machine's form.
func TestAPersonPlansARack(t *testing.T) {
	b, d := newDesk(t)
	m := reported(t, d)
	ctx := browser(t)
	do(t, ctx, chromedp.Navigate(b.URL+"/login"))
	b.logIn(ctx, auth.Admin)
	type typing struct{ field, text string }
	fill := func(path, lands string, all ...typing) {
		t.Helper()
		do(t, ctx, chromedp.Navigate(b.URL+path))
		for _, f := range all {
			do(t, ctx, chromedp.SendKeys(chromedp.CSS(`form.sheet [name="`+f.field+`"]`), f.text))
		}
		do(t, ctx, chromedp.Click(chromedp.CSS("form.sheet button.primary")))
		eventually(t, ctx, `location.pathname === "`+lands+`" && document.readyState === "complete"`)
	}
	fill("/plan/sites?new=1", "/plan/sites/lon6", typing{"name", "lon6"}, typing{"title", "London 6"})
	do(t, ctx, chromedp.Click(chromedp.CSS(`.adds a[href^="/plan/rooms"]`)))
	eventually(t, ctx, `document.querySelector('form.sheet [name=site]')?.value === "lon6"`)
	fill("/plan/rooms?site=lon6", "/plan/rooms/hall-1", typing{"name", "hall-1"})
	fill("/plan/racks?site=lon6&room=hall-1", "/plan/racks/r12", typing{"name", "r12"}, typing{"units", "42"})
	fill("/plan/types?new=1", "/plan/types/small", typing{"name", "small"}, typing{"cores", "4"})
	fill("/machines/"+m.Name+"/edit", "/machines/"+m.Name, typing{"rack", "r12"}, typing{"unit", "7"}, typing{"type", "small"})
	now, err := d.DB.Machine(m.ID)
	if err != nil || now.Rack != "r12" || now.Unit != 7 || now.Room != "hall-1" || now.Site != "lon6" || now.Type != "small" {
		t.Errorf("machine = %+v, %v", now, err)
	}
}
