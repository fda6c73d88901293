package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// part is a task whose life the test tells.
type part struct {
	name  string
	ready chan struct{}
	run   func(context.Context) error
	ended atomic.Bool
}

func (p *part) Ready() <-chan struct{} { return p.ready }
func (p *part) String() string         { return p.name }

func (p *part) Run(ctx context.Context) error {
	defer p.ended.Store(true)
	return p.run(ctx)
}

// steady runs until it is asked to end, and takes its time then.
func steady(name string, readyAfter, takes time.Duration) *part {
	p := &part{name: name, ready: make(chan struct{})}
	p.run = func(ctx context.Context) error {
		time.AfterFunc(readyAfter, sync.OnceFunc(func() { close(p.ready) }))
		<-ctx.Done()
		<-time.After(takes)
		return nil
	}
	return p
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestServeIsReadyWhenEveryPartIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		begin, readyAt := time.Now(), time.Duration(0)
		dns, dhcp := steady("dns", time.Second, 3*time.Second), steady("dhcp", 5*time.Second, time.Second)
		done := make(chan error)
		go func() { done <- serve(ctx, quiet(), func() { readyAt = time.Since(begin) }, dns, dhcp) }()
		<-time.After(time.Minute)
		if readyAt != 5*time.Second {
			t.Errorf("ready after %s, want that of the slowest part", readyAt)
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve = %v", err)
		}
		if !dns.ended.Load() || !dhcp.ended.Load() || time.Since(begin) != time.Minute+3*time.Second {
			t.Errorf("it returned after %s, before every part had ended", time.Since(begin))
		}
	})
}

func TestServeNamesThePartThatFailed(t *testing.T) {
	lost := errors.New("the socket is gone")
	for _, tt := range []struct {
		name string
		ends error
		want string
		is   error
	}{
		{"with its error", lost, "tftp: the socket is gone", lost},
		{"by itself without one", nil, "tftp: ended by itself", errEnded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				other, ready := steady("dns", time.Second, time.Second), 0
				tftp := &part{name: "tftp", ready: make(chan struct{}), run: func(context.Context) error {
					<-time.After(time.Minute)
					return tt.ends
				}}
				err := serve(t.Context(), quiet(), func() { ready++ }, other, tftp)
				if err == nil || err.Error() != tt.want || !errors.Is(err, tt.is) {
					t.Errorf("serve = %v, want %s", err, tt.want)
				}
				if !other.ended.Load() {
					t.Error("the other part goes on")
				}
				if ready != 0 {
					t.Error("it was ready, though one part never was")
				}
			})
		})
	}
}
