package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// events is an open stream.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
	code  int
}

func (b *bench) stream(path, cookie string) *events {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	b.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.AddCookie(&http.Cookie{Name: auth.Cookie, Value: cookie})
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 8<<20)
	return &events{b.t, lines, answer.StatusCode}
}

// next gives the next event that is not a beat; "" at the end of the stream.
func (e *events) next() (name string, patches map[string]string) {
	e.t.Helper()
	for e.lines.Scan() {
		line := e.lines.Text()
		if n, ok := strings.CutPrefix(line, "event: "); ok {
			name = n
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok || name == "beat" {
			continue
		}
		var all []patch
		if err := json.Unmarshal([]byte(data), &all); err != nil {
			e.t.Fatalf("event %s: %v", name, err)
		}
		patches = map[string]string{}
		for _, p := range all {
			patches[p.ID] = p.HTML
		}
		return name, patches
	}
	return "", nil
}

func TestATileMovesWithinASecond(t *testing.T) {
	c := full()
	b := newBench(t, c)
	e := b.stream("/", b.as(auth.Viewer))
	_, first := e.next()
	if first["layout"] == "" || first["summary"] == "" {
		t.Fatalf("the first update holds %d fragments, want all", len(first))
	}
	start := time.Now()
	c.change("MQ0010", func(m *machine.Machine) { m.Status = machine.Held; m.Sentence = "its <b>serial</b> is a placeholder" })
	_, got := e.next()
	if took := time.Since(start); took > time.Second {
		t.Errorf("the change took %s, want at most 1 s", took)
	}
	tile := got["tile-0190-0010"]
	if !strings.Contains(tile, "g-held") || got["layout"] != "" {
		t.Errorf("update = %v, want the tile held and not the whole layout", got)
	}
	if !strings.Contains(got["needs"], "&lt;b&gt;serial&lt;/b&gt;") {
		t.Errorf("needs = %s, want the sentence as text", got["needs"])
	}
	for id := range got {
		if strings.HasPrefix(id, "tile-") && id != "tile-0190-0010" {
			t.Errorf("tile %s was sent though it did not change", id)
		}
	}
}

// TestTheSideBarCounts what asks, on whatever page somebody is.
func TestTheSideBarCounts(t *testing.T) {
	c := full()
	b := newBench(t, c)
	e := b.stream("/rules", b.as(auth.Viewer))
	_, first := e.next()
	c.change("MQ0010", func(m *machine.Machine) { m.Status = machine.Held })
	_, got := e.next()
	if first["nav"] == "" || got["nav"] == "" || got["nav"] == first["nav"] || !strings.Contains(got["nav"], `href="/rules" aria-current="page"`) {
		t.Errorf("the side bar was %s, then %s; want its count of what asks to move", first["nav"], got["nav"])
	}
}

func TestANewMachineAppears(t *testing.T) {
	c := full()
	b := newBench(t, c)
	e := b.stream("/", b.as(auth.Viewer))
	e.next()
	m := cannedMachine(30)
	c.mu.Lock()
	c.machines = append(c.machines, m)
	c.mu.Unlock()
	c.change(m.Name, func(m *machine.Machine) { m.Unit = 30 })
	if _, got := e.next(); !strings.Contains(got["layout"], `id="tile-`+m.ID+`"`) {
		t.Errorf("update = %v, want a layout with the new tile", got)
	}
}

func TestAMachinesPageHearsOnlyOfIt(t *testing.T) {
	c := full()
	b := newBench(t, c)
	e := b.stream("/machines/MQ0012", b.as(auth.Viewer))
	e.next()
	c.change("MQ0000", func(m *machine.Machine) { m.Status = machine.Broken })
	c.change("MQ0012", func(m *machine.Machine) { m.Observed.Progress = 0.87 })
	if _, got := e.next(); !strings.Contains(got["head"], "write 87 %") || got["hardware"] != "" {
		t.Errorf("update = %v, want the head with 87 %% and no hardware", got)
	}
}

func TestAThousandMachinesAreStreamedInPieces(t *testing.T) {
	c := full()
	for i := range 1000 {
		m := cannedMachine(i)
		m.ID, m.Name, m.Rack, m.Unit = fmt.Sprintf("k-%d", i), fmt.Sprintf("K%d", i), fmt.Sprintf("r%d", i/40), i%40+1
		c.machines = append(c.machines, m)
	}
	b := newBench(t, c)
	e := b.stream("/", b.as(auth.Viewer))
	e.next()
	c.change("K500", func(m *machine.Machine) { m.Status = machine.Installing })
	_, got := e.next()
	total := 0
	for _, html := range got {
		total += len(html)
	}
	if got["tile-k-500"] == "" || total > 20_000 {
		t.Errorf("one change of 1000 machines sent %d bytes in %d fragments, want the tile and little more", total, len(got))
	}
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	b := newBench(t, full())
	admin, viewer := b.as(auth.Admin), b.as(auth.Viewer)
	e := b.stream("/", viewer)
	e.next()
	if r := b.post("/people/viewer/disabled", admin, "disabled", "yes", "typed", "viewer"); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("shutting out = %d, want 303", r.StatusCode)
	}
	start := time.Now()
	name, _ := e.next()
	for name == "patch" {
		name, _ = e.next()
	}
	if took := time.Since(start); name != "bye" || took > 3*time.Second {
		t.Errorf("after %s came %q, want bye within 3 s", took, name)
	}
	if e := b.stream("/", viewer); e.code != http.StatusUnauthorized {
		t.Errorf("a new stream = %d, want 401", e.code)
	}
}

func TestAPageThatDoesNotMoveHasNoStream(t *testing.T) {
	b := newBench(t, full())
	if e := b.stream("/images", b.as(auth.Viewer)); e.code != http.StatusNoContent {
		t.Errorf("stream of /images = %d, want 204", e.code)
	}
}

func TestCloseEndsStreams(t *testing.T) {
	b := newBench(t, full())
	e := b.stream("/", b.as(auth.Viewer))
	e.next()
	b.site.Close()
	if name, _ := e.next(); name != "" {
		t.Errorf("after Close came %q, want the end of the stream", name)
	}
}
