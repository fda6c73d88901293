package jobs

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"firstlight/server/machine"
	"firstlight/server/oob"
)

// bmc is the box's BMC: it counts what it is sent and, where a fault says so,
// lies.
type bmc struct {
	box   *box
	fault func(command string) (do bool, err error)
	asked func() // hears each question about the power

	mu    sync.Mutex
	light oob.Indicator
	sent  map[string]int // commands
	asks  int            // questions
}

func (r *rack) bmc(_ context.Context, m *machine.Machine) (oob.Controller, error) {
	if r.hangs != "" && strings.HasPrefix(m.Name, r.hangs) {
		return hanging{}, nil
	}
	if r.noBMC {
		return nil, fmt.Errorf("its BMC's address is not known: %w", oob.ErrNoLogin)
	}
	return r.box.bmc(), nil
}

// command does what it was sent, unless the fault of the day keeps it from it.
// The appliance may die before it or after it.
func (c *bmc) command(ctx context.Context, name string, do func()) error {
	c.box.r.fuse.tick()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	c.sent[name]++
	c.mu.Unlock()
	acts, err := true, error(nil)
	if c.fault != nil {
		acts, err = c.fault(name)
	}
	if acts {
		do()
	}
	c.box.r.fuse.tick()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (c *bmc) count(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[name]
}

func (c *bmc) questions() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asks
}

func (c *bmc) ask() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks++
}

func (c *bmc) Identify(context.Context) (oob.Identity, error) { return oob.Identity{}, nil }

func (c *bmc) Power(ctx context.Context) (oob.Power, error) {
	c.ask()
	if c.asked != nil {
		c.asked()
	}
	return c.box.power(), ctx.Err()
}

func (c *bmc) SetPower(ctx context.Context, want oob.Power) error {
	return c.command(ctx, string(want), func() {
		if c.box.power() != want {
			c.box.turn(want)
		}
	})
}

func (c *bmc) NextBoot(ctx context.Context) (oob.BootDevice, error) {
	c.ask()
	c.box.mu.Lock()
	defer c.box.mu.Unlock()
	return c.box.next, ctx.Err()
}

func (c *bmc) SetNextBoot(ctx context.Context, dev oob.BootDevice) error {
	return c.command(ctx, "boot "+string(dev), func() {
		c.box.mu.Lock()
		defer c.box.mu.Unlock()
		c.box.next = dev
	})
}

// Indicator is unsupported unless somebody said what the light shows.
func (c *bmc) Indicator(ctx context.Context) (oob.Indicator, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.light == "" {
		return "", oob.ErrUnsupported
	}
	return c.light, ctx.Err()
}

func (c *bmc) SetIndicator(ctx context.Context, want oob.Indicator) error {
	return c.command(ctx, "light "+string(want), func() { c.shine(want) })
}

func (c *bmc) shine(i oob.Indicator) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.light = i
}

func (c *bmc) shows() oob.Indicator {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.light
}

func (c *bmc) Close(context.Context) error { return nil }
