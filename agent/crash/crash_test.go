package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

func TestARingTellsWhy(t *testing.T) {
	long := strings.Repeat("goroutine 7 [running]:\n", 1000) // 23 KB
	for _, tt := range []struct {
		name, in   string
		cause, out string // out is how the output begins
		size, lost int
	}{
		{"nothing", "", "", "", 0, 0},
		{"a panic", "warning\npanic: boom\n\ngoroutine 1 [running]:\n", "panic: boom", "panic: boom\n\ngor", 36, 8},
		{"a panic with a long trace keeps its head", "panic: boom\n" + long, "panic: boom", "panic: boom\ngoroutine 7", report.MaxOutput, 12 + 23000 - report.MaxOutput},
		{"a fatal error", "fatal error: concurrent map writes\nx", "fatal error: concurrent map writes", "fatal", 36, 0},
		{"an error of its own", "a\nfirstlight-agent: no address\n", "firstlight-agent: no address", "firstlight-agent", 29, 2},
		{"a panic tells more than an error", "firstlight-agent: a\npanic: b\nfirstlight-agent: c\n", "panic: b", "panic: b\n", 29, 20},
		{"the last panic", "panic: a\npanic: b\n", "panic: b", "panic: b", 9, 9},
		{"one that was passed on", "panic: a [recovered]\n\tpanic: b\n", "panic: a [recovered]", "panic: a", 31, 0},
		{"words that say nothing keep their end", long + "the end\n", "", "", report.MaxOutput, 23008 - report.MaxOutput},
		{"a cause with what is not text", "panic: \x1b[2J\xff\xfe\n", "panic:  [2J?", "panic: ", 13, 0},
		{"a long cause", "panic: " + strings.Repeat("é", 999) + "\n", "panic: " + strings.Repeat("é", 146), "panic: ", 2006, 0},
		{"more than is kept", strings.Repeat("x\n", kept) + "panic: z\n", "panic: z", "panic: z\n", 9, 2 * kept},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r Ring
			for part := range strings.Lines(tt.in) {
				_, _ = r.Write([]byte(part))
			}
			c := report.Crash{Boot: "b", Life: 1, End: "exit code 2"}
			r.Tell(&c)
			if c.Cause != tt.cause || !strings.HasPrefix(c.Output, tt.out) || len(c.Output) != tt.size || c.Lost != int64(tt.lost) {
				t.Errorf("cause %q, output %.20q… of %d bytes, %d lost; want %q, %q…, %d, %d", c.Cause, c.Output, len(c.Output), c.Lost, tt.cause, tt.out, tt.size, tt.lost)
			}
			b, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := report.DecodeCrash(bytes.NewReader(b)); err != nil {
				t.Errorf("an appliance refuses it: %v", err)
			}
		})
	}
}

func kill(t *testing.T, d Dir, lives ...int) {
	t.Helper()
	for _, life := range lives {
		if err := d.Keep(report.Crash{Boot: "b", Life: life, End: "exit code 2", Uptime: float64(life)}); err != nil {
			t.Fatal(err)
		}
	}
}

// told collects the lives of which an appliance took word, as it answers.
type told struct {
	lives   []string
	answers []error // to the attempts, nil when there are no more
}

func (f *told) tell(_ context.Context, c report.Crash) error {
	var err error
	if len(f.answers) > 0 {
		err, f.answers = f.answers[0], f.answers[1:]
	}
	if err == nil {
		f.lives = append(f.lives, fmt.Sprintf("%d:%.0fs", c.Life, c.Ago))
	}
	return err
}

func TestEveryCrashIsToldOnce(t *testing.T) {
	refusal := func(status int) error { return &appliance.Refusal{Status: status} }
	for _, tt := range []struct {
		name    string
		lives   []int
		answers []error
		want    string
	}{
		{"none", nil, nil, ""},
		{"two, the oldest first", []int{2, 11}, nil, "2:98s 11:89s"},
		{"more than are kept", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, nil, "3:97s 4:96s 5:95s 6:94s 7:93s 8:92s 9:91s 10:90s"},
		{"an appliance that is away, and does not know the machine yet", []int{1, 2}, []error{errors.New("connection refused"), refusal(409), refusal(401), refusal(503)}, "1:99s 2:98s"},
		{"one that is refused for what it is", []int{1, 2}, []error{refusal(400)}, "2:98s"},
		{"an older appliance", []int{1, 2}, []error{refusal(404), refusal(405)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Dir(filepath.Join(t.TempDir(), "crashes"))
			kill(t, d, tt.lives...)
			synctest.Test(t, func(t *testing.T) {
				f := &told{answers: tt.answers}
				log := slog.New(slog.DiscardHandler)
				uptime := func() time.Duration { return 100 * time.Second }
				d.Send(t.Context(), f.tell, uptime, log)
				d.Send(t.Context(), f.tell, uptime, log)
				if got := strings.Join(f.lives, " "); got != tt.want {
					t.Errorf("told of %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestWhatCannotBeReadHoldsNothingUp(t *testing.T) {
	d := Dir(t.TempDir())
	kill(t, d, 2)
	if err := os.WriteFile(filepath.Join(string(d), "000000001.json"), []byte(`{"life":`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &told{}
	d.Send(t.Context(), f.tell, func() time.Duration { return 0 }, slog.New(slog.DiscardHandler))
	if left, err := d.waiting(); err != nil || len(left) > 0 || len(f.lives) != 1 {
		t.Errorf("told of %q, left %q, %v; want one told and none left", f.lives, left, err)
	}
}

// A crash that was not told when the agent ends anew waits for the next life.
func TestAnEndKeepsWhatIsUntold(t *testing.T) {
	d := Dir(t.TempDir())
	kill(t, d, 1)
	ctx, cancel := context.WithCancel(t.Context())
	d.Send(ctx, func(context.Context, report.Crash) error { cancel(); return errors.New("no route") }, func() time.Duration { return 0 }, slog.New(slog.DiscardHandler))
	if left, err := d.waiting(); err != nil || len(left) != 1 {
		t.Errorf("left %q, %v; want the one that is untold", left, err)
	}
}
