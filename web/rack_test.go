package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// TestARackIsDrawnFromBothSides looks at where machines stand that fill one
// face, both, several units, and none.
func TestARackIsDrawnFromBothSides(t *testing.T) {
	b := newBench(t, full())
	r := b.get("/racks/r12", b.as(auth.Viewer))
	if r.StatusCode != http.StatusOK {
		t.Fatalf("GET /racks/r12 = %d", r.StatusCode)
	}
	doc, err := html.Parse(strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{} // element id → face and rows of its cell
	for n := range doc.Descendants() {
		if id := attribute(n, "id"); strings.HasPrefix(id, "mount-") {
			at[id] = attribute(n.Parent, "class") + attribute(n.Parent, "rowspan")
		}
	}
	for id, want := range map[string]string{
		"mount-rear-0190-0000": "rear", "mount-front-0190-0000": "absent", // rear only
		"mount-front-0190-0002": "front", "mount-rear-0190-0002": "absent", // front only
		"mount-front-0190-0001": "front", "mount-rear-0190-0001": "rear", // both
		"mount-front-0190-0020": "front3", "mount-rear-0190-0020": "rear3", // three units
		"mount-none-0190-0022": "", // nobody said which unit
	} {
		got, ok := at[id]
		if !ok {
			got = "absent"
		}
		if got != want {
			t.Errorf("%s is in a cell %q, want %q", id, got, want)
		}
	}
	for _, want := range []string{`class="rear vacant"`, "sw3 13", "20 s left", "≤ 19 min", `title="needs you"`, "site lon6 · room hall-2 · 42 units", `href="/machines?q=status%3Dheld%20rack%3Dr12"`} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestAMountMovesOnBothFaces(t *testing.T) {
	c := full()
	b := newBench(t, c)
	e := b.stream("/racks/r12", b.as(auth.Viewer))
	e.next()
	c.change("MQ0010", func(m *machine.Machine) { m.Status = machine.Installing })
	_, got := e.next()
	for _, id := range []string{"mount-front-0190-0010", "mount-rear-0190-0010"} {
		if !strings.Contains(got[id], "g-work") {
			t.Errorf("update = %v, want %s at work", got, id)
		}
	}
	if got["elevation"] != "" || got["mount-front-0190-0011"] != "" {
		t.Errorf("update = %v, want nothing of machines that did not change", got)
	}
	c.change("MQ0010", func(m *machine.Machine) { m.Unit = 30 })
	if _, got = e.next(); !strings.Contains(got["elevation"], "mount-front-0190-0010") {
		t.Errorf("update = %v, want the rack drawn anew", got)
	}
}

func TestLeftText(t *testing.T) {
	for _, test := range []struct {
		left  time.Duration
		bound bool
		want  string
	}{
		{0, false, ""},
		{-time.Second, true, ""},
		{time.Second, false, "10 s left"},
		{41 * time.Second, false, "50 s left"},
		{51 * time.Second, false, "1 min left"},
		{61 * time.Second, true, "≤ 2 min"},
		{30 * time.Minute, true, "≤ 30 min"},
	} {
		if got := leftText(test.left, test.bound); got != test.want {
			t.Errorf("leftText(%s, %v) = %q, want %q", test.left, test.bound, got, test.want)
		}
	}
}

func TestARackThatIsNotThereIsSaid(t *testing.T) {
	b := newBench(t, full())
	if r := b.get("/racks/r13", b.as(auth.Viewer)); r.StatusCode != http.StatusNotFound || !strings.Contains(r.body, "r13") {
		t.Errorf("GET /racks/r13 = %d %s, want 404 that names it", r.StatusCode, r.body)
	}
}
