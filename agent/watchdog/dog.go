package watchdog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// wanted is the timeout that a device is asked for. PID 1 waits up to half a
	// minute before it starts the agent again, which must not cost a reset.
	wanted = time.Minute
	// often is how often a dog looks whether the loop is late, and feeds.
	often = 5 * time.Second
)

// Dog watches one main loop. Its methods may be called by any goroutine.
type Dog struct {
	open    func() (Device, error)
	starved func(late time.Duration)
	log     *slog.Logger

	mu      sync.Mutex
	device  Device    // nil: there is none, or it was disarmed
	until   time.Time // the loop is to be heard before
	late    bool      // it was not
	over    bool      // the loop ended as it was meant to
	failing bool      // the device refused its food
	pause   time.Duration
}

// New makes a Dog that gives a loop its first span. starved is called once, by
// the dog's goroutine, when the loop is late; it may end the program.
func New(open func() (Device, error), first time.Duration, starved func(late time.Duration), log *slog.Logger) *Dog {
	return &Dog{open: open, starved: starved, log: log, until: time.Now().Add(first), pause: often}
}

// Alive is the loop's word that it turns, and that it will be heard again within
// a span: the longest that what it does next may take on a healthy machine.
func (d *Dog) Alive(within time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until, d.late = time.Now().Add(within), false
}

// Arm opens the device and starts to depend on it. It does nothing when that was
// done already; an error is that of opening.
func (d *Dog) Arm() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.device != nil || d.over {
		return nil
	}
	device, err := d.open()
	if err != nil {
		return err
	}
	if err := device.SetTimeout(wanted); err != nil {
		d.log.Warn("watchdog keeps a timeout of its own", "error", err)
	}
	timeout, err := device.Timeout()
	if err != nil || timeout <= 0 {
		d.log.Warn("watchdog does not tell its timeout; it is fed every second", "error", err)
		timeout = 4 * time.Second
	}
	d.device, d.pause = device, min(often, timeout/4)
	d.log.Info("watchdog armed", "timeout", timeout)
	return nil
}

// Disarm ends the watch: what comes next is meant to be without the agent.
func (d *Dog) Disarm() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.device == nil {
		return nil
	}
	device := d.device
	d.device = nil
	return device.Disarm()
}

// Run feeds until ctx ends. A device that was not disarmed then runs out.
func (d *Dog) Run(ctx context.Context) {
	for {
		device, pause, late := d.turn()
		if device != nil {
			d.feed(device)
		}
		if late > 0 {
			d.log.Error("the agent's loop is not heard, and the watchdog not fed any more", "late", late.Round(time.Second))
			d.starved(late)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// turn gives the device if it is to be fed, and once, how late a loop is.
func (d *Dog) turn() (device Device, pause, late time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	over := time.Since(d.until)
	switch {
	case d.over:
	case over < 0:
		device = d.device
	case !d.late:
		d.late, late = true, max(over, 1)
	}
	return device, d.pause, late
}

// feed holds no lock: the watchdog of a BMC may take its time, and the loop must
// not wait for it.
func (d *Dog) feed(device Device) {
	err := device.Feed()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && !d.failing && !d.over {
		d.log.Error("watchdog cannot be fed", "error", err)
	}
	d.failing = err != nil
}
