package watchdog

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hound is a device that resets its machine as hardware does, by a clock of its
// own.
type hound struct {
	refuses  bool // to be given a timeout
	timeout  time.Duration
	mu       sync.Mutex
	timer    *time.Timer
	resets   int
	disarmed bool
}

// opened starts to run, as the kernel's do.
func (h *hound) opened() (Device, error) {
	if h.timeout == 0 {
		h.timeout = 30 * time.Second
	}
	h.timer = time.AfterFunc(h.timeout, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.resets++
	})
	return h, nil
}

func (h *hound) SetTimeout(d time.Duration) error {
	if h.refuses {
		return errors.New("invalid argument")
	}
	h.timeout = d
	return h.Feed()
}

func (h *hound) Timeout() (time.Duration, error) { return h.timeout, nil }

func (h *hound) Feed() error {
	h.timer.Reset(h.timeout)
	return nil
}

func (h *hound) Disarm() error {
	h.disarmed = true
	h.timer.Stop()
	return nil
}

func (h *hound) resetsSoFar() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.resets
}

func TestAMachineIsResetOnlyWhenItsLoopIsLate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		device  *hound
		loop    func(d *Dog) // takes up to two hours
		resets  int
		starved int
	}{
		{"a loop that turns", &hound{}, func(d *Dog) {
			for range 24 {
				time.Sleep(4 * time.Minute)
				d.Alive(5 * time.Minute)
			}
		}, 0, 0},
		{"a long step that was announced", &hound{}, func(d *Dog) {
			d.Alive(time.Hour)
			time.Sleep(59 * time.Minute)
			d.Alive(5 * time.Minute)
		}, 0, 0},
		{"a device with a short timeout of its own", &hound{refuses: true, timeout: 4 * time.Second}, func(d *Dog) {
			d.Alive(time.Hour)
			time.Sleep(59 * time.Minute)
			d.Alive(5 * time.Minute)
		}, 0, 0},
		{"a loop that hangs", &hound{}, func(*Dog) { time.Sleep(time.Hour) }, 1, 1},
		{"a loop that was late, but before the device's time was over", &hound{}, func(d *Dog) {
			time.Sleep(5*time.Minute + 30*time.Second)
			d.Alive(time.Hour)
			time.Sleep(30 * time.Minute)
		}, 0, 1},
		{"a loop that ended as it was meant to", &hound{}, func(d *Dog) {
			if err := d.Disarm(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
		}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				starved := 0
				d := New(tt.device.opened, 5*time.Minute, func(time.Duration) { starved++ }, slog.New(slog.DiscardHandler))
				if err := errors.Join(d.Arm(), d.Arm()); err != nil {
					t.Fatal(err)
				}
				go d.Run(t.Context())
				tt.loop(d)
				if got := tt.device.resetsSoFar(); got != tt.resets || starved != tt.starved {
					t.Errorf("%d resets and %d cries, want %d and %d", got, starved, tt.resets, tt.starved)
				}
				_ = d.Disarm()
			})
		})
	}
}

func TestADeviceIsAskedForAMinuteAndDisarmedByMagic(t *testing.T) {
	var h hound
	d := New(h.opened, time.Minute, nil, slog.New(slog.DiscardHandler))
	if err := d.Arm(); err != nil {
		t.Fatal(err)
	}
	if err := d.Disarm(); err != nil || !h.disarmed || h.timeout != time.Minute {
		t.Errorf("Disarm = %v, disarmed %v, timeout %v; want no error, true, 1m", err, h.disarmed, h.timeout)
	}
	if err := d.Arm(); err != nil || d.device != nil {
		t.Error("a watch that ended begins again")
	}
}

// A loop that hangs is told on machines without a watchdog, too: PID 1 helps.
func TestWithoutADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cries := make(chan time.Duration, 9)
		d := New(func() (Device, error) { return Open(t.TempDir() + "/watchdog") }, time.Minute, func(late time.Duration) { cries <- late }, slog.New(slog.DiscardHandler))
		if err := d.Arm(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Arm = %v, want that there is none", err)
		}
		go d.Run(t.Context())
		time.Sleep(time.Hour)
		if len(cries) != 1 {
			t.Errorf("%d cries, want one", len(cries))
		}
		if err := d.Disarm(); err != nil {
			t.Errorf("Disarm = %v", err)
		}
	})
}

// What the kernel's devices understand as meant.
func TestDisarmWritesTheMagicAndCloses(t *testing.T) {
	path := t.TempDir() + "/watchdog"
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"a timeout of 1m0s": d.SetTimeout(time.Minute), "feed": d.Feed()} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("a file that is no watchdog answers %v, want an error that names %q", err, what)
		}
	}
	if _, err := d.Timeout(); err == nil {
		t.Error("a file that is no watchdog tells a timeout")
	}
	if err := d.Disarm(); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "V" {
		t.Errorf("it holds %q, %v; want V", b, err)
	}
	if err := d.Feed(); err == nil {
		t.Error("it is open still")
	}
}
