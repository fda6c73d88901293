package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// box is a machine: a disk, a power button, and what runs on it. It knows the
// appliance by the calls that httpboot passes on, and insists like an agent.
type box struct {
	r            *rack
	mac          machine.MAC
	networkFirst bool // in the firmware's own boot order

	mu     sync.Mutex
	off    context.CancelFunc // of what runs; nil while it is off
	next   oob.BootDevice
	disks  []report.Disk
	disk   string // what is on it: "", "half" or "image"
	home   string // token of the call home, on the disk
	name   string // that the installed system gives itself
	oob    *bmc
	writes int                 // images that were begun
	erases int                 // plans to erase that were begun
	checks []*report.CheckPlan // that were begun
	data   bool                // somebody's, on every disk
	boots  int
	orders []*report.Order
	users  map[string]string // of its BMC, with their passwords; nil: no way to it

	// What can go wrong.
	broken func(*box, report.Order) *report.Result // instead of an install
	fails  func(*report.Result)                    // changes what it says of an erase or a check
	mute   bool                                    // the agent never says a word
	idle   bool                                    // it reports, and asks for no order
}

func newBox(r *rack) *box {
	b := &box{
		r: r, mac: machine.MAC{0x52, 0x54, 0, 0, 0, 1}, networkFirst: true,
		disks: []report.Disk{{Name: "vda", Serial: "D0001", Bytes: 1 << 33}},
	}
	b.oob = &bmc{box: b, sent: map[string]int{}}
	return b
}

func (b *box) bmc() *bmc { return b.oob }

// set changes the box while it runs.
func (b *box) set(change func(*box)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

func (b *box) power() oob.Power {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.off == nil {
		return oob.PowerOff
	}
	return oob.PowerOn
}

// turn switches the power.
func (b *box) turn(want oob.Power) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.off != nil {
		b.off()
		b.off = nil
	}
	if want != oob.PowerOn {
		return
	}
	var ctx context.Context
	ctx, b.off = context.WithCancel(context.Background())
	dev := b.next
	b.next = oob.BootNormal
	b.boots++
	go b.firmware(ctx, dev, b.boots)
}

// press is a person at the power button.
func (b *box) press() {
	b.turn(oob.PowerOff)
	b.turn(oob.PowerOn)
}

func nap(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

var errAway = errors.New("the appliance is away")

// answered is what an answer is worth: those of a life that was ended never
// arrive.
func (l *life) answered(err error) error {
	if l.ctx.Err() != nil {
		return errAway
	}
	return err
}

// insist does f against an appliance that may be away, until it is refused.
func (b *box) insist(ctx context.Context, f func(*life) error) error {
	for {
		err := errAway
		if l := b.r.up(); l != nil {
			err = l.answered(f(l))
		}
		if err == nil || errors.Is(err, boot.ErrRefused) {
			return err
		}
		if !nap(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

func (b *box) firmware(ctx context.Context, dev oob.BootDevice, n int) {
	if !nap(ctx, 5*time.Second) {
		return
	}
	b.mu.Lock()
	first := b.networkFirst
	b.mu.Unlock()
	target := boot.Disk
	if dev == oob.BootNetwork || dev == oob.BootNormal && first {
		_ = b.insist(ctx, func(l *life) error {
			target = b.ask(l)
			return nil
		})
	}
	if ctx.Err() != nil || !nap(ctx, 10*time.Second) {
		return
	}
	if target == boot.Agent {
		b.agent(ctx, fmt.Sprintf("boot-%d", n))
		return
	}
	b.system(ctx)
}

// ask is a boot request, as httpboot answers it.
func (b *box) ask(l *life) boot.Target {
	req := boot.Request{MAC: b.mac, Stage: boot.StageIPXE, Subnet: "lab", Serial: "FL0001"}
	k := l.db.Known(req)
	a := boot.Decide(req, k, b.r.now())
	if k.Machine != nil {
		l.engine.Booted(k.Machine.ID)
	}
	l.db.Decided(req, a, k)
	return a.Target
}

// system is what was installed: it calls home, as often as its curl does.
func (b *box) system(ctx context.Context) {
	b.mu.Lock()
	disk, token, name := b.disk, b.home, b.name
	b.mu.Unlock()
	if disk != "image" || !nap(ctx, 20*time.Second) {
		return
	}
	for range 60 {
		if l := b.r.up(); l != nil && l.answered(l.engine.Home(l.ctx, token, report.Home{Hostname: name, Kernel: "6.12"})) == nil {
			return
		}
		if !nap(ctx, 2*time.Second) {
			return
		}
	}
}
