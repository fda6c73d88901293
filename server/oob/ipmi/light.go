package ipmi

import (
	"context"
	"fmt"

	"firstlight/server/oob"
)

const (
	identifyShown = 0x40 // bit in the state of the chassis: it tells what the light does
	identifyState = 0x30 // bits beside it
	forever       = 0x01
)

// Indicator says what the identify light does now. A light that is on blinks:
// IPMI knows one way to be on, and that is what it is there for.
func (c *Controller) Indicator(ctx context.Context) (is oob.Indicator, err error) {
	err = c.do(ctx, "read the identify light at", func(ctx context.Context) error {
		var told bool
		if is, told, err = c.readLight(ctx); err == nil && !told {
			return fmt.Errorf("%w: it does not tell what its identify light does", oob.ErrUnsupported)
		}
		return err
	})
	return is, err
}

// readLight reads the light; told is false where the BMC does not say.
func (c *Controller) readLight(ctx context.Context) (is oob.Indicator, told bool, err error) {
	b, err := c.status(ctx)
	switch {
	case err != nil || b[2]&identifyShown == 0:
		return oob.IndicatorUnknown, false, err
	case b[2]&identifyState == 0:
		return oob.IndicatorOff, true, nil
	}
	return oob.IndicatorBlinking, true, nil
}

// SetIndicator sets the identify light and reads it back where the BMC tells.
func (c *Controller) SetIndicator(ctx context.Context, want oob.Indicator) error {
	if want != oob.IndicatorOff && !want.On() {
		return fmt.Errorf("set the identify light at BMC %s: %q is none of %q, %q and %q", c.address, want, oob.IndicatorOff, oob.IndicatorBlinking, oob.IndicatorLit)
	}
	return c.do(ctx, "set the identify light at", func(ctx context.Context) error {
		order := []byte{0}
		if want.On() {
			order = []byte{0, forever}
		}
		if _, err := c.session.command(ctx, netChassis, chassisIdentify, order...); err != nil {
			return err
		}
		return readBack(ctx, c.cfg.Settle, "identify light", want, func() (oob.Indicator, bool, error) {
			got, told, err := c.readLight(ctx)
			return got, !told || got.On() == want.On(), err
		})
	})
}
