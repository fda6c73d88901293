package web

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"firstlight/server/auth"
)

// browser starts Debian's chromium with a blank page, for a minute.
func browser(t *testing.T) context.Context {
	t.Helper()
	return minute(t, chromium(t))
}

func minute(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	ctx, done := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(done)
	return ctx
}

// chromium starts one that lives as long as the test.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("SKIPPED, a browser is needed: apt-get install chromium")
	}
	alloc, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.IgnoreCertErrors, chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	do(t, ctx, chromedp.Navigate("about:blank"))
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func run[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func call[P, R any](t *testing.T, ctx context.Context, cmd cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, cmd, params); err != nil {
		t.Fatal(err)
	}
}

// logIn hands the browser a session.
func (b *bench) logIn(ctx context.Context, role auth.Role) {
	b.t.Helper()
	call(b.t, ctx, network.SetCookie, network.SetCookieParams{
		Name: auth.Cookie, Value: b.as(role), URL: b.URL, Secure: new(true), HTTPOnly: new(true), Path: "/",
	})
}

// eventually waits until an expression of the page is true, across loads.
func eventually(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	bound := time.After(30 * time.Second)
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && ok {
			return
		}
		select {
		case <-tick.C: // a page that is being left answers with an error
		case <-bound:
			t.Fatalf("wait until %s: %v, %v", expression, ok, err)
		}
	}
}

// populate adds people and a token, after which the first log-in is not shown.
func (b *bench) populate() {
	b.t.Helper()
	for _, role := range []auth.Role{auth.Viewer, auth.Technician, auth.Engineer} {
		b.as(role)
	}
	for _, label := range []string{"nightly report", "CI of the search team"} {
		who := auth.User{Name: "root", Role: auth.Admin}
		if _, _, err := b.people.NewToken(b.t.Context(), who, label, auth.Viewer, nil, 30*24*time.Hour); err != nil {
			b.t.Fatal(err)
		}
	}
}

// TestScreens writes a picture of every page, for people to look at, into the
// folder that FIRSTLIGHT_SCREENS names.
func TestScreens(t *testing.T) {
	dir := os.Getenv("FIRSTLIGHT_SCREENS")
	if dir == "" {
		t.Skip("SKIPPED: FIRSTLIGHT_SCREENS names no folder for the pictures")
	}
	looks := []struct {
		name, scheme  string
		width, height int64
	}{{"light", "light", 1280, 900}, {"dark", "dark", 1280, 900}, {"phone", "light", 360, 740}, {"phone-dark", "dark", 360, 740}}
	for site, c := range map[string]*canned{"full": full(), "empty": {subnets: full().subnets, strangers: full().strangers}} {
		b := newBench(t, c)
		all := chromium(t)
		do(t, all, chromedp.Navigate(b.URL+"/login"))
		if site == "full" {
			b.populate()
		}
		for i, story := range append([]struct{ name, path string }{{"login-first", "/login"}}, stories...) {
			if site == "empty" && !slices.Contains([]string{"/", "/login", "/jobs", "/network"}, story.path) {
				continue
			}
			if i == 1 {
				b.logIn(all, auth.Admin)
			}
			t.Run(site+"-"+story.name, func(t *testing.T) {
				ctx := minute(t, all)
				for _, look := range looks {
					call(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
						Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}},
					})
					do(t, ctx, chromedp.EmulateViewport(look.width, look.height), chromedp.Navigate(b.URL+story.path))
					whole := story.path != "/api" // which is longer than a picture may be
					shot, err := chromedp.Call(ctx, cdpage.CaptureScreenshot, cdpage.CaptureScreenshotParams{CaptureBeyondViewport: &whole})
					if err != nil {
						t.Fatal(err)
					}
					name := filepath.Join(dir, site+"-"+story.name+"-"+look.name+".png")
					if err := os.WriteFile(name, shot.Data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}
