package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// powerVerbs are what Power takes.
var powerVerbs = [...]string{"on", "off", "cycle"}

const (
	// powerLimit bounds one act of power as a whole: slow BMCs take half a minute
	// for each of off and on.
	powerLimit = 2 * time.Minute
	powerLook  = 500 * time.Millisecond
	// obey is how long a BMC may take for what it accepted before that is a row.
	obey = 30 * time.Second
)

// Power switches a machine on or off, or off and on again, and returns once the
// BMC shows it. The act goes on when the one who asked hangs up: half a cycle
// would leave the machine off. typed is the machine's name, which whoever cuts
// the power of a machine in use has read and typed.
func (d *Desk) Power(ctx context.Context, who auth.User, name, verb, typed string) error {
	kind := auth.Cut
	if verb == "on" {
		kind = auth.Handle
	}
	m, by, err := d.allowed(who, name, kind)
	if err != nil {
		return err
	}
	if err := d.mayPower(m, verb, typed); err != nil {
		return err
	}
	if err := d.DB.RecordAudit(ctx, by, "power "+verb, m.Name, m.Observed.Power, verb); err != nil {
		return err
	}
	d.DB.Note(journal.Event{Machine: m.ID, Source: journal.People, Text: "Asked for power " + verb, Who: who.Name})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), powerLimit)
	defer cancel()
	err = d.Jobs.WithBMC(ctx, m, func(c oob.Controller) error { return d.act(ctx, c, m, verb) })
	if errors.Is(err, oob.ErrNoLogin) {
		return conflict(err.Error(), "power-"+verb+" it by hand")
	}
	if err != nil {
		d.DB.Note(journal.Event{Machine: m.ID, Source: journal.BMC, Text: fmt.Sprintf("Power %s did not work: %v", verb, err)})
		return fmt.Errorf("power %s of machine %s: %w", verb, m.Name, err)
	}
	return nil
}

// mayPower refuses what a lock forbids, and to cut the power where something
// forbids it or works there, or where a machine is in use and nobody has typed
// its name.
func (d *Desk) mayPower(m *machine.Machine, verb, typed string) error {
	switch verb {
	case "on":
		return unlocked(m)
	case "off", "cycle":
	default:
		return &Refused{Field: "action", Value: verb, Why: "no such power action", Remedy: "want one of " + strings.Join(powerVerbs[:], ", ")}
	}
	if m.Flags.NoPowerOff {
		return conflict(fmt.Sprintf("machine %s must not be powered off", m.Name), "take the flag no_power_off away first")
	}
	if m.Flags.Frozen {
		return conflict(fmt.Sprintf("machine %s is frozen since an older database was restored, and may be in use", m.Name), "look at it, then thaw it: firstlight machine thaw "+m.Name)
	}
	if j, open := d.DB.OpenJob(m.ID); open {
		return conflict(fmt.Sprintf("job %s (%s) works on machine %s", j.ID, j.Action, m.Name), "wait for its end or cancel it")
	}
	if m.Status == machine.InUse {
		if err := named(m, typed); err != nil {
			return err
		}
	}
	return unlocked(m)
}

func (d *Desk) act(ctx context.Context, c oob.Controller, m *machine.Machine, verb string) error {
	if verb == "cycle" {
		if err := d.become(ctx, c, m, oob.PowerOff); err != nil {
			return err
		}
		verb = "on"
	}
	return d.become(ctx, c, m, oob.Power(verb))
}

// become asks for a power state and looks until it holds.
func (d *Desk) become(ctx context.Context, c oob.Controller, m *machine.Machine, want oob.Power) error {
	asked := d.Now() // a quick machine is heard before its BMC shows that it is on
	if err := c.SetPower(ctx, want); err != nil {
		return err
	}
	tick := time.NewTicker(powerLook)
	defer tick.Stop()
	var is oob.Power
	told := false
	for {
		now, err := c.Power(ctx)
		switch {
		case err != nil && ctx.Err() != nil && is != oob.PowerUnknown:
			return deaf(is)
		case err != nil:
			return err
		}
		is = now
		d.DB.Observe(m.ID, func(o *machine.Observed) { o.Power, o.PowerAt = string(is), d.Now() })
		if is == want {
			d.DB.Note(journal.Event{At: asked, Machine: m.ID, Source: journal.BMC, Text: "Power " + string(want), Details: map[string]string{journal.DetailPower: string(want)}})
			return nil
		}
		if late := d.Now().Sub(asked); late >= obey && !told && is != oob.PowerUnknown {
			d.DB.Note(disobeyed(m, want, is, asked, late))
			told = true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return deaf(is)
		}
	}
}

// disobeyed is the row of a BMC that accepted an order and shows nothing of it.
func disobeyed(m *machine.Machine, want, is oob.Power, accepted time.Time, late time.Duration) journal.Event {
	return journal.Event{
		Machine: m.ID, Source: journal.BMC, Details: map[string]string{journal.DetailIgnored: "power " + string(want)},
		Text: fmt.Sprintf("Its BMC accepted power %s at %s UTC and says %s %.0f s later", want, accepted.UTC().Format("15:04:05"), is, late.Seconds()),
	}
}

func deaf(is oob.Power) error {
	return fmt.Errorf("the BMC accepted it but still says %q after %s", is, powerLimit)
}
