package web

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"firstlight/server/auth"
)

// checkNames looks at what those who see no page hear, and those who use no
// mouse reach: every control has a name, every picture a text, every page one
// heading above all others.
func checkNames(t *testing.T, doc *html.Node) {
	t.Helper()
	headings := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		named := attr(n, "aria-label") != "" || strings.TrimSpace(textOf(n)) != ""
		switch n.Data {
		case "h1":
			headings++
		case "html":
			named = attr(n, "lang") != ""
		case "img":
			named = has(n, "alt")
		case "input", "select":
			named = attr(n, "type") == "hidden" || attr(n, "aria-label") != "" || within(n, "label")
		case "a", "button", "summary", "label":
		default:
			continue
		}
		if !named {
			t.Errorf("<%s %v> has no name", n.Data, n.Attr)
		}
		if n.Data == "a" && !has(n, "href") {
			t.Errorf("link %q cannot be reached by keyboard: it has no href", textOf(n))
		}
	}
	if headings != 1 {
		t.Errorf("the page has %d headings of the first order, want 1", headings)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func within(n *html.Node, element string) bool {
	for p := range n.Ancestors() {
		if p.Data == element {
			return true
		}
	}
	return false
}

// TestWithoutScript reads a page and orders an install with scripts off.
func TestWithoutScript(t *testing.T) {
	c := full()
	b := newBench(t, c)
	ctx := browser(t)
	call(t, ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	do(t, ctx, chromedp.Navigate(b.URL+"/login"))
	b.logIn(ctx, auth.Engineer)
	do(t, ctx,
		chromedp.Navigate(b.URL+"/machines/MQ0012"),
		chromedp.WaitVisible(chromedp.CSS("#timeline tr")), chromedp.WaitVisible(chromedp.CSS("#log pre")), chromedp.WaitVisible(chromedp.CSS("#clock svg")),
		chromedp.Navigate(b.URL+"/machines/MQ0010"),
		chromedp.Click(chromedp.CSS("#head a[href$=install]")),
		chromedp.SendKeys(chromedp.CSS("main form.confirm [name=typed]"), "MQ0010"),
		chromedp.Click(chromedp.CSS("main form.confirm button")),
		chromedp.WaitVisible(chromedp.CSS("#head")))
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := strings.Join(c.asked, "; "); got != "engineer install MQ0010 debian-12" {
		t.Errorf("asked %q, want one install", got)
	}
}
