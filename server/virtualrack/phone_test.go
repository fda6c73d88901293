package virtualrack_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"firstlight/server/virtualrack/netns"
)

// boundSeen is how long a phone may wait until it shows something: a light
// machine's whole boot, with others beside it.
const boundSeen = 40 * time.Second

// phone is Debian's chromium, as wide and as high as a phone that people have.
type phone struct {
	*testing.T
	ctx   context.Context //nolint:containedctx // the browser is this context
	door  *os.File        // where the appliance is to serve people
	site  string
	shots int
}

// newPhone opens a browser and a door to it in a network namespace of their own:
// where the machines' addresses come and go, a browser cuts its connections
// (ERR_NETWORK_CHANGED).
func newPhone(t *testing.T) *phone {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("SKIPPED, a browser is needed: apt-get install chromium")
	}
	p := &phone{T: t}
	inside := p.openDoor()
	alloc, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.IgnoreCertErrors, chromedp.UserDataDir(t.TempDir()), chromedp.ModifyCmdFunc(inside))...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, done := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(done)
	p.ctx = ctx
	p.do(chromedp.Navigate("about:blank"), chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
	return p
}

// openDoor makes the namespace and listens in it. The result moves a command
// there: nsenter(1) becomes it.
func (p *phone) openDoor() (inside func(*exec.Cmd)) {
	p.Helper()
	box, err := netns.New()
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _ = box.Close() })
	var space *os.File
	err = box.Do(func() error {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return err
		}
		defer l.Close() // the file is a descriptor of its own
		_, port, _ := net.SplitHostPort(l.Addr().String())
		p.site = "https://localhost:" + port
		if p.door, err = l.File(); err != nil {
			return err
		}
		space, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { _, _ = p.door.Close(), space.Close() })
	return func(cmd *exec.Cmd) {
		enter := []string{"nsenter", fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), space.Fd()), "--"}
		cmd.Args = append(enter, append([]string{cmd.Path}, cmd.Args[1:]...)...)
		cmd.Path, cmd.Err = exec.LookPath("nsenter")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	}
}

func (p *phone) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

func (p *phone) open(path string) {
	p.Helper()
	p.do(chromedp.Navigate(p.site + path))
}

// tap scrolls an element to where a thumb reaches it, and touches it there.
func (p *phone) tap(selector string) {
	p.Helper()
	p.waits(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e?.scrollIntoView({block: "center"}); return e?.getClientRects().length > 0 && document.readyState === "complete"; })()`, selector))
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// paste puts a text where a long press on a phone would, over all that is there.
func (p *phone) paste(selector, text string) {
	p.Helper()
	p.tap(selector)
	p.waits(fmt.Sprintf("(document.querySelector(%q).select(), true)", selector))
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.Fatal(err)
	}
}

// types goes through keys, which choose from a list, too.
func (p *phone) types(selector, text string) {
	p.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// fetches is what a link leads to, with the session of the browser.
func (p *phone) fetches(link string) string {
	p.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](fmt.Sprintf("fetch(document.querySelector(%q).href).then((r) => r.text())", link), chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatal(err)
	}
	return text
}

// reads waits until what stands in an element holds a text.
func (p *phone) reads(selector, text string) {
	p.Helper()
	p.waits(fmt.Sprintf("document.querySelector(%q)?.innerText.includes(%q)", selector, text))
}

// waits until an expression of the page is true, across loads.
func (p *phone) waits(expression string) {
	p.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	bound := time.After(boundSeen)
	for {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](expression+" === true"))
		if err == nil && ok {
			return
		}
		select {
		case <-tick.C: // a page that is being left answers with an error
		case <-bound:
			shown, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.pathname + ": " + document.body.innerText`))
			p.Fatalf("wait until %s: %v, %v; the phone shows %q", expression, ok, err, shown)
		}
	}
}

// keeps marks the page as it is, so that stayed can tell that no other was
// loaded since.
func (p *phone) keeps() {
	p.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("window.stays = true")); err != nil {
		p.Fatal(err)
	}
}

func (p *phone) stayed() {
	p.Helper()
	if ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("window.stays === true")); err != nil || !ok {
		p.Errorf("the page was loaded anew (%v), want what moves to move by itself", err)
	}
}

// shoot checks that nothing has to be scrolled sideways, and takes a picture for
// people to look at into the folder that FIRSTLIGHT_SCREENS names.
func (p *phone) shoot(name string) {
	p.Helper()
	if wide, err := chromedp.Run(p.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth")); err != nil || wide > 360 {
		p.Errorf("%s is %d wide (%v), want at most 360", name, wide, err)
	}
	dir := os.Getenv("FIRSTLIGHT_SCREENS")
	if dir == "" {
		return
	}
	shot, err := chromedp.Call(p.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(true)})
	if err != nil {
		p.Fatal(err)
	}
	p.shots++
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("walk-%02d-%s.png", p.shots, name)), shot.Data, 0o600); err != nil {
		p.Fatal(err)
	}
}
