package console

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the pictures in testdata")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

var view = View{Name: "c0mput3", Sentence: "Waits for an image; choose one on its page.", Page: "http://10.0.0.1:8080/m/c0mput3"}

// screens are what the kernel makes of a VGA card, and of a firmware's picture of
// 1280x800 and of 1920x1080 points.
var screens = map[string]size{"line": {columns: width}, "vga": {80, 25}, "wxga": {160, 50}, "fullhd": {240, 67}}

func TestCard(t *testing.T) {
	for name, s := range screens {
		lines := card(view, s)
		golden(t, "card-"+name, strings.Join(lines, "\n")+"\n")
		if s.rows > 0 && len(lines) >= s.rows {
			t.Errorf("the card has %d lines, want less than the %d of a %s screen", len(lines), s.rows, name)
		}
	}
}

// The longest names that DNS and the appliance have, and all in between.
func TestACardFitsAScreenWhateverTheAddress(t *testing.T) {
	for n := 1; n <= 150; n++ {
		v := View{Name: strings.Repeat("n", min(n, 63)), Sentence: view.Sentence, Page: "https://" + strings.Repeat("h", n) + "/machines/n"}
		for name, s := range screens {
			if s.rows == 0 {
				continue
			}
			lines := card(v, s)
			if coded := strings.Contains(strings.Join(lines, ""), "▄") || s.rows > 25; !coded && len(v.Page) <= 106 {
				t.Fatalf("an address of %d letters has no code on a %s screen", len(v.Page), name)
			}
			if len(lines) >= s.rows {
				t.Fatalf("the card of an address of %d letters has %d lines on a %s screen of %d", len(v.Page), len(lines), name, s.rows)
			}
			for _, line := range lines {
				if len([]rune(line)) >= s.columns {
					t.Fatalf("a line of the card of an address of %d letters is cut off on a %s screen: %s", len(v.Page), name, line)
				}
			}
		}
	}
}

func TestBannerShowsEveryLetter(t *testing.T) {
	var b strings.Builder
	for _, s := range []string{"abcdefghij", "klmnopqrst", "uvwxyz", "0123456789", "sto1-web_1.", "a-name-that-is-long", "a name longer than any screen"} {
		b.WriteString(strings.Join(banner(s, width), "\n") + "\n\n")
	}
	golden(t, "letters", b.String())
	for r, rows := range font {
		if len(rows) != 15 {
			t.Errorf("letter %q has %d pixels, want 15", r, len(rows))
		}
	}
}

// drain runs f on a console with one line printer and one screen, and returns
// what each printed.
func drain(t *testing.T, f func(*Console)) (printed, screen string) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		var p, s bytes.Buffer
		c := New(Output{Writer: &p}, Output{Writer: &s, Rows: 25})
		f(c)
		synctest.Wait()
		printed, screen = p.String(), s.String()
		for _, q := range c.queues {
			close(q.text)
		}
	})
	return printed, screen
}

func TestOnlyChangesArePrinted(t *testing.T) {
	printed, screen := drain(t, func(c *Console) {
		for range 5 {
			c.Show(view)
		}
		for done := range int64(1000) {
			c.Progress("debian-13", done, 1000)
		}
	})
	if got := strings.Count(printed, "Waits for"); got != 1 {
		t.Errorf("the card was printed %d times, want once", got)
	}
	if got := strings.Count(printed, "\r█") + strings.Count(printed, "\r░"); got != 100 {
		t.Errorf("the bar was printed %d times for 1000 steps, want 100", got)
	}
	if strings.Contains(printed, "\x1b") {
		t.Error("a line printer got an escape sequence")
	}
	if !strings.HasPrefix(screen, "\x1b[H") || strings.Contains(screen, "\x1b[2J") {
		t.Error("the screen was not drawn over in place")
	}
}

// stuck is a serial line that nobody reads.
type stuck struct{ release chan struct{} }

func (s stuck) Write([]byte) (int, error) { <-s.release; return 0, errors.New("gone") }

func TestAStuckOutputHoldsNobodyUp(t *testing.T) {
	var w bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		s := stuck{make(chan struct{})}
		c := New(Output{Writer: s}, Output{Writer: &w})
		for i := range 1000 {
			c.Line(fmt.Sprint("line ", i))
			synctest.Wait()
		}
		close(s.release)
		for _, q := range c.queues {
			close(q.text)
		}
	})
	if !strings.Contains(w.String(), "line 999") {
		t.Error("the other output did not get the last line")
	}
}

func TestALogLineStartsOnALineOfItsOwn(t *testing.T) {
	printed, _ := drain(t, func(c *Console) {
		c.Progress("write", 1, 2)
		c.Line("stream lost")
		c.Line("stream resumed")
		c.Progress("write", 2, 2)
		c.Line("step done")
	})
	half, full := bar(50, "write"), bar(100, "write")
	if want := "\r" + half + "\r\nstream lost\r\nstream resumed\r\n\r" + full + "\r\nstep done\r\n"; printed != want {
		t.Errorf("printed %q, want %q", printed, want)
	}
}

func TestNoLineOfAScreenIsBroken(t *testing.T) {
	_, screen := drain(t, func(c *Console) {
		c.Show(view)
		c.Line(strings.Repeat("a long line ", 20))
	})
	for line := range strings.SplitSeq(screen, "\r\n") {
		shown := strings.NewReplacer("\x1b[H", "", "\x1b[K", "", "\x1b[J", "", "\x1b[1m", "", "\x1b[0m", "").Replace(line)
		if n := len([]rune(shown)); n >= width {
			t.Errorf("the screen has a line of %d columns, want less than %d: %q", n, width, shown)
		}
	}
}
