package ipmi

import (
	"context"
	"fmt"

	"firstlight/server/oob"
)

// Network functions and commands (appendix G).
const (
	netChassis = 0x00
	netApp     = 0x06
	netStorage = 0x0A

	chassisStatus   = 0x01
	chassisControl  = 0x02
	chassisIdentify = 0x04
	setBootOptions  = 0x08
	getBootOptions  = 0x09

	getDeviceID   = 0x01
	getSystemGUID = 0x37
	setPrivilege  = 0x3B
	closeSession  = 0x3C

	fruInfo = 0x10
	readFRU = 0x11
)

// What the chassis is told (table 28-4): off is the forced one, because whoever
// calls it has decided about the work that runs.
var controls = map[oob.Power]byte{oob.PowerOff: 0x00, oob.PowerOn: 0x01}

// Power says what the power is now.
func (c *Controller) Power(ctx context.Context) (is oob.Power, err error) {
	err = c.do(ctx, "read the power at", func(ctx context.Context) error {
		is, err = c.readPower(ctx)
		return err
	})
	return is, err
}

func (c *Controller) readPower(ctx context.Context) (oob.Power, error) {
	status, err := c.status(ctx)
	switch {
	case err != nil:
		return oob.PowerUnknown, err
	case status[0]&1 != 0:
		return oob.PowerOn, nil
	}
	return oob.PowerOff, nil
}

// status is the state of the chassis (table 28-3).
func (c *Controller) status(ctx context.Context) ([]byte, error) {
	b, err := c.session.command(ctx, netChassis, chassisStatus)
	if err == nil && len(b) < 3 {
		err = fmt.Errorf("%w: the state of its chassis has %d bytes instead of 3", errGarbled, len(b))
	}
	return b, err
}

// SetPower asks for a state at once.
func (c *Controller) SetPower(ctx context.Context, want oob.Power) error {
	control, ok := controls[want]
	if !ok {
		return fmt.Errorf("set the power at BMC %s: %q is neither %q nor %q", c.address, want, oob.PowerOn, oob.PowerOff)
	}
	return c.do(ctx, "power "+string(want)+" at", func(ctx context.Context) error {
		if is, err := c.readPower(ctx); err != nil || is == want {
			return err
		}
		_, err := c.session.command(ctx, netChassis, chassisControl, control)
		return err
	})
}
