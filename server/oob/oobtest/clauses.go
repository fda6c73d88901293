package oobtest

import (
	"context"
	"testing"

	"firstlight/server/oob"
)

// clauses are the contract, one sentence each.
var clauses = []struct {
	name string
	test func(*testing.T, *bench)
}{
	{"identify says whose BMC it is", func(t *testing.T, b *bench) {
		got, err := b.Identify(t.Context())
		b.must("Identify()", err)
		want := b.machine.Identity()
		if got.Serial != want.Serial || got.UUID != want.UUID || got.Vendor != want.Vendor || got.Model != want.Model {
			t.Fatalf("Identify() = %+v, want %+v", got, want)
		}
		if got.Firmware == "" {
			t.Fatalf("Identify() = %+v, want the BMC's own version in Firmware", got)
		}
	}},
	{"a machine that is off is said to be off", func(t *testing.T, b *bench) {
		if got := b.power(); got != oob.PowerOff {
			t.Fatalf("Power() = %q, want %q", got, oob.PowerOff)
		}
	}},
	{"power on boots the machine once by its own order", func(_ *testing.T, b *bench) {
		b.turn(oob.PowerOn)
		b.wantBoots(1, oob.BootNormal)
	}},
	{"power off stops the machine", func(t *testing.T, b *bench) {
		b.turn(oob.PowerOn)
		b.turn(oob.PowerOff)
		if b.machine.Running() {
			t.Fatal("the machine runs after SetPower(off), want it stopped")
		}
	}},
	{"asking for the state that holds changes nothing", func(_ *testing.T, b *bench) {
		b.must("SetPower(off) of a machine that is off", b.SetPower(b.t.Context(), oob.PowerOff))
		b.turn(oob.PowerOn)
		b.must("SetPower(on) of a machine that is on", b.SetPower(b.t.Context(), oob.PowerOn))
		b.turn(oob.PowerOn)
		b.wantBoots(1, oob.BootNormal)
	}},
	{"a power that is neither on nor off is refused", func(t *testing.T, b *bench) {
		for _, p := range []oob.Power{oob.PowerUnknown, "cycle"} {
			if err := b.SetPower(t.Context(), p); err == nil {
				t.Fatalf("SetPower(%q) = nil, want an error", p)
			}
		}
		b.wantBoots(0, oob.BootNormal)
	}},
	{"without a setting the next boot is normal", func(_ *testing.T, b *bench) { b.wantNext(oob.BootNormal) }},
	{"a next boot device is read back", func(_ *testing.T, b *bench) {
		for _, dev := range []oob.BootDevice{oob.BootNetwork, oob.BootDisk} {
			b.setNext(dev)
			b.wantNext(dev)
		}
	}},
	{"setting the next boot device leaves the power alone", func(t *testing.T, b *bench) {
		b.setNext(oob.BootNetwork)
		if b.machine.Running() {
			t.Fatal("SetNextBoot(network) powered the machine on, want it off")
		}
		b.turn(oob.PowerOn)
		b.setNext(oob.BootDisk)
		if !b.machine.Running() || b.machine.Boots() != 1 {
			t.Fatalf("after SetNextBoot(disk) running is %v with %d boots, want the first boot undisturbed", b.machine.Running(), b.machine.Boots())
		}
	}},
	{"a next boot device holds for one boot only", func(_ *testing.T, b *bench) {
		b.setNext(oob.BootNetwork)
		b.turn(oob.PowerOn)
		b.wantBoots(1, oob.BootNetwork)
		b.wantNext(oob.BootNormal)
		b.turn(oob.PowerOff)
		b.turn(oob.PowerOn)
		b.wantBoots(2, oob.BootNormal)
	}},
	{"of two next boot devices the later one holds", func(_ *testing.T, b *bench) {
		b.setNext(oob.BootNetwork)
		b.setNext(oob.BootDisk)
		b.turn(oob.PowerOn)
		b.wantBoots(1, oob.BootDisk)
	}},
	{"normal takes a next boot device back", func(_ *testing.T, b *bench) {
		b.setNext(oob.BootNetwork)
		b.setNext(oob.BootNormal)
		b.wantNext(oob.BootNormal)
		b.turn(oob.PowerOn)
		b.wantBoots(1, oob.BootNormal)
	}},
	{"a boot device without meaning is unsupported", func(t *testing.T, b *bench) {
		b.wantIs(`SetNextBoot("floppy")`, b.SetNextBoot(t.Context(), "floppy"), oob.ErrUnsupported)
		b.wantNext(oob.BootNormal)
	}},
	{"the identify light is off until somebody wants it", func(_ *testing.T, b *bench) { b.wantLight(oob.IndicatorOff) }},
	{"the identify light does what it is told, with the power on or off", func(_ *testing.T, b *bench) {
		for _, power := range []oob.Power{oob.PowerOff, oob.PowerOn} {
			b.turn(power)
			for _, want := range []oob.Indicator{oob.IndicatorBlinking, oob.IndicatorLit, oob.IndicatorLit, oob.IndicatorOff, oob.IndicatorOff} {
				b.setLight(want)
			}
		}
	}},
	{"the identify light survives what the power does", func(_ *testing.T, b *bench) {
		b.setLight(oob.IndicatorBlinking)
		b.turn(oob.PowerOn)
		b.turn(oob.PowerOff)
		b.wantLight(oob.IndicatorBlinking)
		b.wantBoots(1, oob.BootNormal)
	}},
	{"a state that no identify light has is refused", func(t *testing.T, b *bench) {
		for _, want := range []oob.Indicator{oob.IndicatorUnknown, "green"} {
			if err := b.SetIndicator(t.Context(), want); err == nil {
				t.Fatalf("SetIndicator(%q) = nil, want an error", want)
			}
		}
		b.wantLight(oob.IndicatorOff)
	}},
	{"a call whose context has ended does nothing and says so", func(t *testing.T, b *bench) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.Power(ctx)
		b.wantIs("Power(ended)", err, context.Canceled)
		b.wantIs("SetPower(ended, on)", b.SetPower(ctx, oob.PowerOn), context.Canceled)
		b.wantIs("SetNextBoot(ended, disk)", b.SetNextBoot(ctx, oob.BootDisk), context.Canceled)
		b.wantIs("SetIndicator(ended, lit)", b.SetIndicator(ctx, oob.IndicatorLit), context.Canceled)
		b.wantBoots(0, oob.BootNormal)
		b.wantNext(oob.BootNormal)
		b.wantLight(oob.IndicatorOff)
	}},
	{"closing twice is no error", func(t *testing.T, b *bench) {
		b.must("Close()", b.Close(t.Context()))
		b.must("Close() again", b.Close(t.Context()))
	}},
}
