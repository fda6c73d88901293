package ipmi

import (
	"context"
	"fmt"

	"firstlight/server/oob"
)

// Boot options (table 28-14).
const (
	optionValidClear = 3
	optionFlags      = 5

	flagsValid = 0x80
	flagsEFI   = 0x20

	keepUnlessControlled = 0x08 // bit of optionValidClear
)

// selectors are the devices that can be set (boot flags, data 2).
var selectors = map[oob.BootDevice]byte{oob.BootNormal: 0, oob.BootNetwork: 1, oob.BootDisk: 2}

// otherSelectors are those that a person may have set.
var otherSelectors = map[byte]oob.BootDevice{3: "safe", 4: "diagnostics", 5: "cd", 6: "biossetup"}

// NextBoot reads the device of the next boot. A device that Firstlight has no
// word for comes as its own word ("cd").
func (c *Controller) NextBoot(ctx context.Context) (dev oob.BootDevice, err error) {
	err = c.do(ctx, "read the next boot device at", func(ctx context.Context) error {
		dev, err = c.readNextBoot(ctx)
		return err
	})
	return dev, err
}

func (c *Controller) readNextBoot(ctx context.Context) (oob.BootDevice, error) {
	b, err := c.session.command(ctx, netChassis, getBootOptions, optionFlags, 0, 0)
	if err != nil {
		return "", err
	}
	if len(b) < 4 {
		return "", fmt.Errorf("%w: its boot flags have %d bytes instead of 7", errGarbled, len(b))
	}
	if b[2]&flagsValid == 0 {
		return oob.BootNormal, nil
	}
	selector := b[3] >> 2 & 0x0F
	for dev, s := range selectors {
		if s == selector {
			return dev, nil
		}
	}
	if dev, known := otherSelectors[selector]; known {
		return dev, nil
	}
	return oob.BootDevice(fmt.Sprintf("device %d", selector)), nil
}

// SetNextBoot sets the device for the next boot only and reads it back: an OK
// alone proves nothing.
func (c *Controller) SetNextBoot(ctx context.Context, dev oob.BootDevice) error {
	selector, ok := selectors[dev]
	if !ok {
		return fmt.Errorf("set the next boot device at BMC %s: %w: %q is no boot device that can be set: use %q, %q or none", c.address, oob.ErrUnsupported, dev, oob.BootNetwork, oob.BootDisk)
	}
	return c.do(ctx, "set the next boot device at", func(ctx context.Context) error {
		// A BMC forgets the device after a minute without a power command, unless
		// told otherwise (parameter 3; OpenStack's Ironic does the same). Those that
		// do not know the parameter do not forget either.
		_, _ = c.session.command(ctx, netChassis, setBootOptions, optionValidClear, keepUnlessControlled)
		flags := byte(flagsValid)
		if c.cfg.EFI {
			flags |= flagsEFI
		}
		if _, err := c.session.command(ctx, netChassis, setBootOptions, optionFlags, flags, selector<<2, 0, 0, 0); err != nil {
			return err
		}
		return readBack(ctx, c.cfg.Settle, "next boot device", dev, func() (oob.BootDevice, bool, error) {
			got, err := c.readNextBoot(ctx)
			return got, got == dev, err
		})
	})
}
