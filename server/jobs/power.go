package jobs

import (
	"context"
	"errors"
	"fmt"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// with logs in to the machine's BMC, does f and logs out.
func (r *run) with(ctx context.Context, f func(oob.Controller) error) error {
	return r.WithBMC(ctx, r.machine, f)
}

// WithBMC logs in to a machine's BMC, does f and logs out.
func (e *Engine) WithBMC(ctx context.Context, m *machine.Machine, f func(oob.Controller) error) error {
	c, err := e.BMC(ctx, m)
	if err != nil {
		return err
	}
	defer func() {
		if err := c.Close(context.WithoutCancel(ctx)); err != nil {
			e.Log.DebugContext(ctx, "log out of BMC", "machine", m.Name, "error", err)
		}
	}()
	return f(c)
}

// byHand skips a step where there is no BMC to do it.
func byHand(err error) (state, string, error) {
	if errors.Is(err, oob.ErrNoLogin) {
		return skipped, err.Error(), nil
	}
	return pending, "", err
}

func checkNetboot(ctx context.Context, r *run) (state, string, error) {
	if r.agentIsThere() {
		return skipped, "the agent is there already", nil
	}
	var dev oob.BootDevice
	err := r.with(ctx, func(c oob.Controller) (err error) {
		dev, err = c.NextBoot(ctx)
		return err
	})
	if err != nil {
		return byHand(err)
	}
	return settle(dev == oob.BootNetwork), "next boot from the network", nil
}

func actNetboot(ctx context.Context, r *run) error {
	r.bmcEvent("Boot once from the network")
	return r.with(ctx, func(c oob.Controller) error { return c.SetNextBoot(ctx, oob.BootNetwork) })
}

func checkPower(want oob.Power) func(context.Context, *run) (state, string, error) {
	return func(ctx context.Context, r *run) (state, string, error) {
		if r.agentIsThere() {
			return skipped, "the agent is there already", nil
		}
		var is oob.Power
		err := r.with(ctx, func(c oob.Controller) (err error) {
			is, err = c.Power(ctx)
			return err
		})
		if err != nil {
			return byHand(err)
		}
		r.DB.Observe(r.machine.ID, func(o *machine.Observed) { o.Power, o.PowerAt = string(is), r.Now() })
		return settle(is == want), "power " + string(is), nil
	}
}

func actPower(want oob.Power) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		if want == oob.PowerOff && r.machine.Flags.NoPowerOff {
			return fmt.Errorf("machine %s must not be powered off: %w", r.machine.Name, errFinal)
		}
		r.bmcEvent("Power " + string(want))
		return r.with(ctx, func(c oob.Controller) error { return c.SetPower(ctx, want) })
	}
}

func (r *run) bmcEvent(text string) {
	r.DB.Note(journal.Event{Machine: r.machine.ID, Source: journal.BMC, Text: text, Job: r.job.ID})
}
