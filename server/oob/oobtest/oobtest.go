// Package oobtest is the contract that every oob.Controller keeps. An adapter's
// test calls Run with its way to open one; nothing but tests imports it.
package oobtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"firstlight/server/oob"
)

// Machine looks past the BMC at what the machine really does.
type Machine interface {
	Identity() oob.Identity
	Running() bool
	// Boots counts power-ons; LastBoot is the device that the last one used.
	Boots() int
	LastBoot() oob.BootDevice
	// Indicator is what its identify light does.
	Indicator() oob.Indicator
}

// patience bounds every wait of the suite; it is no pause.
const patience = 10 * time.Second

// Run runs the contract. open returns a controller that is logged in and a
// machine that is off, has never booted, has no next boot device set and whose
// identify light is off.
func Run(t *testing.T, open func(*testing.T) (oob.Controller, Machine)) {
	t.Helper()
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			ctl, m := open(t)
			c.test(t, &bench{Controller: ctl, machine: m, t: t})
		})
	}
}

// bench is one controller with its machine, and the words the clauses use.
type bench struct {
	oob.Controller
	machine Machine
	t       *testing.T
}

// must fails the clause when a call that has to work did not.
func (b *bench) must(call string, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s = %v, want no error", call, err)
	}
}

// turn asks for a state and waits until the machine and its BMC both have it.
func (b *bench) turn(want oob.Power) {
	b.t.Helper()
	b.must("SetPower("+string(want)+")", b.SetPower(b.t.Context(), want))
	b.wait("the machine is "+string(want), func() bool { return b.machine.Running() == (want == oob.PowerOn) })
	b.wait("Power says "+string(want), func() bool { return b.power() == want })
}

func (b *bench) power() oob.Power {
	b.t.Helper()
	p, err := b.Power(b.t.Context())
	b.must("Power()", err)
	return p
}

func (b *bench) setNext(dev oob.BootDevice) {
	b.t.Helper()
	b.must("SetNextBoot("+string(dev)+")", b.SetNextBoot(b.t.Context(), dev))
}

func (b *bench) wantNext(want oob.BootDevice) {
	b.t.Helper()
	got, err := b.NextBoot(b.t.Context())
	if err != nil || got != want {
		b.t.Fatalf("NextBoot() = %q, %v, want %q", got, err, want)
	}
}

func (b *bench) wantBoots(count int, last oob.BootDevice) {
	b.t.Helper()
	if got := b.machine.Boots(); got != count {
		b.t.Fatalf("the machine booted %d times, want %d", got, count)
	}
	if got := b.machine.LastBoot(); got != last {
		b.t.Fatalf("the machine's last boot was from %q, want %q", got, last)
	}
}

// setLight asks for a state of the identify light and looks at the machine.
func (b *bench) setLight(want oob.Indicator) {
	b.t.Helper()
	b.must("SetIndicator("+string(want)+")", b.SetIndicator(b.t.Context(), want))
	b.wantLight(want)
}

// wantLight wants machine and BMC to agree. A light with one way to be on has it
// for both.
func (b *bench) wantLight(want oob.Indicator) {
	b.t.Helper()
	got, err := b.Indicator(b.t.Context())
	if real := b.machine.Indicator(); err != nil || got == oob.IndicatorUnknown || got.On() != want.On() || real.On() != want.On() {
		b.t.Fatalf("Indicator() = %q, %v, and the machine's light is %q, want %q", got, err, real, want)
	}
}

// wait waits for a level that only time brings.
func (b *bench) wait(what string, reached func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !reached() {
		select {
		case <-ctx.Done():
			b.t.Fatalf("waited %s, want that %s", patience, what)
		case <-look.C:
		}
	}
}

func (b *bench) wantIs(call string, err, want error) {
	b.t.Helper()
	if !errors.Is(err, want) {
		b.t.Fatalf("%s = %v, want an error that is %q", call, err, want)
	}
}
