package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// bmcPatience bounds one visit to a BMC: one that hangs must let the others in.
const bmcPatience = time.Minute

// with logs in to the machine's BMC, does f and logs out. Where many do, it
// waits for its turn.
func (r *run) with(ctx context.Context, f func(context.Context, oob.Controller) error) error {
	select {
	case r.visits <- struct{}{}:
		defer func() { <-r.visits }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, bmcPatience)
	defer cancel()
	return r.WithBMC(ctx, r.machine, func(c oob.Controller) error { return f(ctx, c) })
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

// asked sorts out what became of a question to a BMC. What no BMC can do for
// us, a person may: the step is skipped, and its note asks for it.
func asked(err error) (state, string, error) {
	if errors.Is(err, oob.ErrNoLogin) || errors.Is(err, oob.ErrUnsupported) {
		return skipped, clip(err.Error()), nil
	}
	return pending, "", err
}

// agentThere is the note of steps that lead to the agent and are not needed.
const agentThere = "the agent is there already"

// reached tells whether the steps to the agent can be skipped, or must wait
// because an agent that was there before the appliance restarted may be about
// to come back: a power cycle would throw it out.
func (r *run) reached() (state, string) {
	there, known := r.agents.presence(r.machine.ID, r.Now())
	if there {
		return skipped, agentThere
	}
	seen := r.machine.Observed
	if r.Now().Sub(r.began) < r.Limits.Return && seen.CallAt.After(seen.BootAt) && !known {
		return waiting, "waits for the agent to come back"
	}
	return pending, ""
}

func (r *run) agentIsThere() bool { return r.agents.polling(r.machine.ID, r.Now()) }

func checkNetboot(ctx context.Context, r *run) (state, string, error) {
	if st, note := r.reached(); st != pending {
		return st, note, nil
	}
	var dev oob.BootDevice
	err := r.with(ctx, func(ctx context.Context, c oob.Controller) (err error) {
		dev, err = c.NextBoot(ctx)
		return err
	})
	if err != nil {
		return asked(err)
	}
	if dev != oob.BootNetwork {
		return pending, "", nil
	}
	return done, "next boot from the network", nil
}

func actNetboot(ctx context.Context, r *run) error {
	if r.agentIsThere() {
		return nil
	}
	r.bmcEvent("Boot once from the network")
	return r.with(ctx, func(ctx context.Context, c oob.Controller) error { return c.SetNextBoot(ctx, oob.BootNetwork) })
}

func checkPower(want oob.Power) func(context.Context, *run) (state, string, error) {
	return func(ctx context.Context, r *run) (state, string, error) {
		if st, note := r.reached(); st != pending {
			return st, note, nil
		}
		var is oob.Power
		err := r.with(ctx, func(ctx context.Context, c oob.Controller) (err error) {
			is, err = c.Power(ctx)
			return err
		})
		if err != nil {
			return asked(err)
		}
		r.DB.Observe(r.machine.ID, func(o *machine.Observed) { o.Power, o.PowerAt = string(is), r.Now() })
		if is == want {
			return done, "power " + string(is), nil
		}
		return pending, r.disobeyed(want, is), nil
	}
}

// disobeyed is the note of a power that is not what was asked for. A BMC that
// accepted the order some time ago and shows nothing of it gets a row, once.
func (r *run) disobeyed(want, is oob.Power) string {
	cur, note := r.job.Current(), "power "+string(is)
	accepted := "its BMC accepted power " + string(want) + " at "
	switch {
	case strings.HasPrefix(cur.Note, accepted):
		return cur.Note
	case cur.ActedAt.IsZero() || cur.Error != "" || is == oob.PowerUnknown || r.Now().Sub(cur.ActedAt) < r.Limits.Obey:
		return note
	}
	note = fmt.Sprintf("%s%s and says %s %.0f s later", accepted, clock(cur.ActedAt), is, r.Now().Sub(cur.ActedAt).Seconds())
	r.bmcEvent(sentence(note), journal.DetailIgnored, "power "+string(want))
	return note
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") + " UTC" }

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func actPower(want oob.Power) func(context.Context, *run) error {
	return func(ctx context.Context, r *run) error {
		if r.agentIsThere() {
			return nil // it came while the BMC was asked
		}
		if want == oob.PowerOff && r.machine.Flags.NoPowerOff {
			return fmt.Errorf("machine %s must not be powered off: %w", r.machine.Name, errFinal)
		}
		r.bmcEvent("Power "+string(want), journal.DetailPower, string(want))
		// Whoever it was that spoke to us before does not wait for an order now.
		defer r.agents.left(r.machine.ID)
		return r.with(ctx, func(ctx context.Context, c oob.Controller) error { return c.SetPower(ctx, want) })
	}
}

// bmcEvent tells of an order to the BMC, with details as names and values.
func (r *run) bmcEvent(text string, details ...string) {
	e := journal.Event{Machine: r.machine.ID, Source: journal.BMC, Text: text, Job: r.job.ID, Details: map[string]string{}}
	for i := 0; i+1 < len(details); i += 2 {
		e.Details[details[i]] = details[i+1]
	}
	r.DB.Note(e)
}
