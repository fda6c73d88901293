package agent

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/console"
	"firstlight/agent/logbook"
	"firstlight/agent/report"
)

// slow is a machine and an appliance that are well and take their time.
type slow struct {
	fake
	outage time.Duration // before its first answer
	began  time.Time
	polls  int
}

func (s *slow) Report(ctx context.Context, r report.Report) (report.Welcome, error) {
	if time.Since(s.began) < s.outage {
		return report.Welcome{}, errors.New("connection refused")
	}
	return s.fake.Report(ctx, r)
}

// Order gives none for hours, then one to install, one to erase, and one to restart.
func (s *slow) Order(ctx context.Context, seen string) (*report.Order, error) {
	if s.polls++; s.polls > 200 && len(s.orders) > 0 {
		return s.fake.Order(ctx, seen)
	}
	select {
	case <-time.After(70 * time.Second):
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A run on a machine that is well is never late, whatever it has to wait for.
func TestARunIsHeardAsOftenAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &slow{outage: 9 * time.Hour, began: time.Now()}
		f.orders = []report.Order{install, erase, check, reboot}
		f.install = func(_ context.Context, progress func(report.Progress)) error {
			for range 5 {
				time.Sleep(110 * time.Minute)
				progress(report.Progress{Step: report.StepWrite, Done: 1, Total: 2})
			}
			time.Sleep(110 * time.Minute)
			return errors.New("the hash differs")
		}
		f.erase = func() ([]report.Erased, error) {
			time.Sleep(110 * time.Minute)
			return make([]report.Erased, 1), nil
		}
		f.check = func(context.Context) error {
			time.Sleep(29 * time.Minute) // for the facts that it begins with
			return nil
		}
		until, words := time.Now().Add(turn), 0
		a := &Agent{
			Appliance: f, Installer: f, Eraser: f, Checker: f, Screen: console.New(), Log: slog.New(slog.DiscardHandler), Book: logbook.New(), Name: "x",
			Collect: func() report.Report {
				time.Sleep(29 * time.Minute)
				return report.Report{Version: report.Version}
			},
			Alive: func(within time.Duration) {
				if late := time.Since(until); late > 0 {
					t.Errorf("%v after its start the run is %v late", time.Since(f.began), late)
				}
				until = time.Now().Add(within)
				words++
			},
		}
		if end, err := a.Run(t.Context()); end != report.ActionReboot || err != nil {
			t.Errorf("the run ended with %q, %v", end, err)
		}
		t.Logf("%d words in %v", words, time.Since(f.began))
	})
}

// A part of the run that hangs is late, even while others of its goroutines go on.
func TestARunThatHangsIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var last time.Time
		until := time.Now()
		hang := make(chan struct{})
		a := &Agent{
			Appliance: &fake{}, Installer: &fake{}, Screen: console.New(), Log: slog.New(slog.DiscardHandler), Book: logbook.New(), Name: "x",
			Collect: func() report.Report { <-hang; return report.Report{} },
			Alive:   func(within time.Duration) { last, until = time.Now(), time.Now().Add(within) },
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		done := make(chan struct{})
		go func() { defer close(done); _, _ = a.Run(ctx) }()
		<-ctx.Done()
		synctest.Wait()
		if late := time.Since(until); late != time.Hour-looking {
			t.Errorf("it was heard at %v and is late by %v, want by %v", last, late, time.Hour-looking)
		}
		close(hang)
		<-done
	})
}
