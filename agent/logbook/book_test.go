package logbook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

// door takes parts as an appliance does: one that it has already is no news.
type door struct {
	t       *testing.T
	mu      sync.Mutex
	answers []error // to the calls, nil when there are no more
	during  func()  // what happens while a call is on its way
	life    string
	next    int64
	lines   []string
	lost    int64
	parts   int
}

func (d *door) tell(_ context.Context, l report.Log) error {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if len(d.answers) > 0 {
		err, d.answers = d.answers[0], d.answers[1:]
	}
	if d.during != nil {
		d.during()
	}
	if err != nil && !errors.Is(err, errLost) {
		return err
	}
	if l.First+int64(len(l.Lines)) <= d.next {
		return err // told twice
	}
	if l.First != d.next+l.Lost || len(l.Lines) > report.MaxLines || d.life != "" && d.life != l.Life {
		d.t.Errorf("part of %s from %d after %d, %d lines, %d lost", l.Life, l.First, d.next, len(l.Lines), l.Lost)
	}
	d.life, d.next, d.lost, d.parts = l.Life, l.First+int64(len(l.Lines)), d.lost+l.Lost, d.parts+1
	d.lines = append(d.lines, l.Lines...)
	return err
}

// has gives how many parts and lines it took.
func (d *door) has() (parts, lines int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.parts, len(d.lines)
}

// errLost is an answer that did not come through.
var errLost = errors.New("connection reset")

func refusal(status int) error { return &appliance.Refusal{Status: status} }

func fill(b *Book, from, to int) {
	for i := range to - from {
		b.Line(fmt.Sprint(from + i))
	}
}

func TestEachLineIsToldOnceAndInOrder(t *testing.T) {
	away := errors.New("connection refused")
	for _, tt := range []struct {
		name        string
		lines       int
		answers     []error
		parts, lost int
	}{
		{"some lines at once", 3, nil, 1, 0},
		{"more than one part holds", 2*report.MaxLines + 1, nil, 3, 0},
		{"an appliance that is away, and does not know the machine yet", 3, []error{away, refusal(409), refusal(401), refusal(503)}, 1, 0},
		{"an answer that was lost", 3, []error{errLost}, 1, 0},
		{"more than is kept", kept + 7, []error{away}, 5, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, d := New(), &door{t: t, answers: tt.answers}
				fill(b, 0, tt.lines)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				b.Send(ctx, d.tell)
				if len(d.lines) != tt.lines-tt.lost || d.parts != tt.parts || d.lost != int64(tt.lost) || d.lines[len(d.lines)-1] != fmt.Sprint(tt.lines-1) {
					t.Errorf("%d lines in %d parts, %d lost; want %d in %d, %d", len(d.lines), d.parts, d.lost, tt.lines-tt.lost, tt.parts, tt.lost)
				}
			})
		})
	}
}

// Lines come while a part is on its way, more than there is room for.
func TestWhatIsLetGoMeanwhileIsCountedOnce(t *testing.T) {
	for _, come := range []int{1, kept - 10, kept + 1, kept + 150, 2*kept + 3} {
		synctest.Test(t, func(t *testing.T) {
			b, d := New(), &door{t: t}
			d.during = func() { d.during = nil; fill(b, 100, 100+come) }
			fill(b, 0, 100)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			b.Send(ctx, d.tell)
			if d.lost != int64(max(0, come-kept)) || int64(len(d.lines))+d.lost != int64(100+come) {
				t.Errorf("%d more: %d lines and %d lost, want %d lost and %d in all", come, len(d.lines), d.lost, max(0, come-kept), 100+come)
			}
		})
	}
}

func TestLinesAreGatheredAndTheLastAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := New(), &door{t: t}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Send(ctx, d.tell); close(done) }()
		fill(b, 0, 1)
		time.Sleep(gather / 2) //nolint:forbidigo // in synctest's time
		fill(b, 1, 3)
		synctest.Wait()
		if parts, _ := d.has(); parts != 0 {
			t.Errorf("%d parts before others had their time", parts)
		}
		time.Sleep(gather) //nolint:forbidigo // in synctest's time
		synctest.Wait()
		if parts, lines := d.has(); parts != 1 || lines != 3 {
			t.Errorf("%d parts of %d lines, want one of 3", parts, lines)
		}
		began := time.Now()
		fill(b, 3, 4)
		cancel()
		b.Flush(t.Context(), d.tell)
		if len(d.lines) != 4 || time.Since(began) > 0 {
			t.Errorf("%d lines after %v, want 4 at once", len(d.lines), time.Since(began))
		}
		<-done
	})
}

// An appliance that is away holds nobody up at the end, and one that came back
// hears the rest although the next attempt was not due yet.
func TestTheEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := New(), &door{t: t}
		var away atomic.Bool
		tell := func(ctx context.Context, l report.Log) error {
			if away.Load() {
				return errors.New("no route")
			}
			return d.tell(ctx, l)
		}
		away.Store(true)
		sending, cancel := context.WithCancel(t.Context())
		go b.Send(sending, tell)
		fill(b, 0, 3)
		time.Sleep(10 * time.Minute) //nolint:forbidigo // in synctest's time: pauses are long now
		cancel()
		for _, is := range []bool{true, false} {
			away.Store(is)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			b.Flush(ctx, tell)
			cancel()
		}
		if len(d.lines) != 3 {
			t.Errorf("%d lines, want 3", len(d.lines))
		}
	})
}

func TestWhatIsRefusedForWhatItIsIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, d := New(), &door{t: t, answers: []error{refusal(http.StatusNotFound)}}
		fill(b, 0, 3)
		b.Flush(t.Context(), d.tell)
		d.next = 3
		fill(b, 3, 5)
		b.Flush(t.Context(), d.tell)
		if got := strings.Join(d.lines, " "); got != "3 4" {
			t.Errorf("told %q, want what came after the refusal", got)
		}
	})
}

func TestALineIsOneLineAndFits(t *testing.T) {
	b := New()
	b.Line("two\x1b[2J\nthree\xff")
	b.Line(strings.Repeat("é", report.MaxLine))
	part, _ := b.part()
	if part.Lines[0] != "two [2J three?" {
		t.Errorf("line %q", part.Lines[0])
	}
	if l := part.Lines[1]; len(l) > report.MaxLine || !strings.HasSuffix(l, "é...") {
		t.Errorf("a long line has %d bytes and ends in %q", len(l), l[len(l)-8:])
	}
}

func TestARecordIsALine(t *testing.T) {
	var one, two []string
	log := slog.New(Handler(func() time.Duration { return 3214 * time.Millisecond },
		func(line string) { one = append(one, line) }, func(line string) { two = append(two, line) })).With("nic", "eth0")
	log.Info("link up", "mbps", 1000)
	log.Warn("no answer", "error", io.ErrUnexpectedEOF)
	log.Debug("not shown")
	want := "[    3.214] link up nic=eth0 mbps=1000\n[    3.214] warn: no answer nic=eth0 error=\"unexpected EOF\""
	if a, b := strings.Join(one, "\n"), strings.Join(two, "\n"); a != want || b != want {
		t.Errorf("lines %q and %q, want %q", a, b, want)
	}
}
