package jobs

import (
	"context"
	"fmt"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// The identify light tells whoever stands before a rack of new machines what a check
// finds: it blinks while one runs, is lit when it failed and off when it passed. A
// light that a person set is that person's: one that is on before a check, though
// none of ours left it on, and one that is off at the end, though we let it blink,
// stay as they are. What a BMC cannot or does not do is noted and keeps nothing up.

// blink lets the light blink, if it is nobody's.
func (r *run) blink(ctx context.Context) (state, string, error) {
	var was oob.Indicator
	mine := false
	err := r.with(ctx, func(ctx context.Context, c oob.Controller) (err error) {
		if was, err = c.Indicator(ctx); err != nil {
			return err
		}
		if mine = !was.On() || r.leftLit(); !mine {
			return nil
		}
		return r.Shine(ctx, c, r.machine, oob.IndicatorBlinking)
	})
	switch {
	case ctx.Err() != nil:
		return pending, "", ctx.Err()
	case err != nil:
		return skipped, "the light does not tell: " + clip(err.Error()), nil
	case !mine:
		return skipped, "somebody lit the light, so that it stays", nil
	}
	return done, "the light blinks", r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		j.Check.Light = string(oob.IndicatorBlinking)
		return nil
	})
}

// leftLit tells whether the last check that showed its verdict by the light left it
// on.
func (r *run) leftLit() bool {
	last := time.Time{}
	lit := false
	for _, j := range r.DB.Jobs(func(j *machine.Job) bool { return j.Machine == r.machine.ID && j.Check != nil && j.ID != r.job.ID }) {
		if j.Check.Light != "" && j.CreatedAt.After(last) {
			last, lit = j.CreatedAt, j.Check.Light != string(oob.IndicatorOff)
		}
	}
	return lit
}

// showVerdict lets the light shine, or ends it, if it still is what we set.
func (r *run) showVerdict(ctx context.Context) (state, string, error) {
	if r.job.Check.Light == "" {
		return skipped, "the light was not ours", nil
	}
	want, stays := oob.IndicatorLit, false
	if r.job.Check.OK {
		want = oob.IndicatorOff
	}
	err := r.with(ctx, func(ctx context.Context, c oob.Controller) error {
		is, err := c.Indicator(ctx)
		if stays = err == nil && !is.On(); err != nil || stays {
			return err
		}
		return r.Shine(ctx, c, r.machine, want)
	})
	switch {
	case ctx.Err() != nil:
		return pending, "", ctx.Err()
	case err != nil:
		return skipped, "the light does not tell: " + clip(err.Error()), nil
	case stays:
		want = oob.IndicatorOff
	}
	note := "the light is " + string(want)
	if stays {
		note = "somebody ended the light, so that it stays off"
	}
	return done, note, r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		j.Check.Light = string(want)
		return nil
	})
}

// Shine sets a machine's identify light and believes only what it reads after.
func (e *Engine) Shine(ctx context.Context, c oob.Controller, m *machine.Machine, want oob.Indicator) error {
	if err := c.SetIndicator(ctx, want); err != nil {
		return err
	}
	is, err := c.Indicator(ctx)
	if err != nil {
		return err
	}
	e.DB.Observe(m.ID, func(o *machine.Observed) { o.Light, o.LightAt = string(is), e.Now() })
	if is == oob.IndicatorUnknown || is.On() != want.On() {
		return fmt.Errorf("the BMC accepted it but says %q", is)
	}
	e.DB.Note(journal.Event{Machine: m.ID, Source: journal.BMC, Text: "Identify light " + string(is)})
	return nil
}
