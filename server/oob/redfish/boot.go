package redfish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"

	"firstlight/server/oob"
)

// NextBoot reads the device of the next boot. A device that Firstlight has no
// word for comes as the BMC's own word in lower case ("cd").
func (c *Controller) NextBoot(ctx context.Context) (oob.BootDevice, error) {
	var dev oob.BootDevice
	err := c.do(ctx, "read the next boot device at", func(api *gofish.APIClient) error {
		var err error
		dev, err = c.readNextBoot(api)
		return err
	})
	return dev, err
}

// readNextBoot looks at the machine and, when that has no override, at its
// settings resource, where AMI keeps what will hold from the next boot on.
func (c *Controller) readNextBoot(api *gofish.APIClient) (oob.BootDevice, error) {
	sys, err := readSystem(api, c.system)
	if err != nil {
		return "", err
	}
	dev := deviceOf(sys.Boot)
	settings := sys.more.Settings.SettingsObject.ID
	if dev != oob.BootNormal || settings == "" {
		return dev, nil
	}
	var future struct{ Boot schemas.Boot }
	if err := get(api, settings, &future); err != nil {
		return "", err
	}
	return deviceOf(future.Boot), nil
}

func deviceOf(b schemas.Boot) oob.BootDevice {
	switch b.BootSourceOverrideEnabled {
	case schemas.OnceBootSourceOverrideEnabled, schemas.ContinuousBootSourceOverrideEnabled:
	default:
		return oob.BootNormal
	}
	switch b.BootSourceOverrideTarget {
	case schemas.PxeBootSource, schemas.UefiHTTPBootSource:
		return oob.BootNetwork
	case schemas.HddBootSource:
		return oob.BootDisk
	case schemas.NoneBootSource, "":
		return oob.BootNormal
	default:
		return oob.BootDevice(strings.ToLower(short(string(b.BootSourceOverrideTarget), 40)))
	}
}

// SetNextBoot sets the device for the next boot only and reads it back: an OK
// alone proves nothing.
func (c *Controller) SetNextBoot(ctx context.Context, dev oob.BootDevice) error {
	return c.do(ctx, "set the next boot device at", func(api *gofish.APIClient) error {
		sys, err := readSystem(api, c.system)
		if err != nil {
			return err
		}
		boot, err := override(sys, dev)
		if err != nil {
			return err
		}
		p := &patch{
			api: api, path: c.system, etag: sys.ODataEtag, settings: sys.more.Settings.SettingsObject.ID,
			body: map[string]any{"Boot": boot},
		}
		if err := p.send(c.vendor, sys); err != nil {
			return err
		}
		return readBack(ctx, c.cfg.Settle, "next boot device", dev, func() (oob.BootDevice, bool, error) {
			got, err := c.readNextBoot(api)
			return got, got == dev, err
		})
	})
}

// override is the Boot object to send: the least that says it, because some BMCs
// refuse a property that is only repeated (HPE, community.general#3509).
func override(sys *system, dev oob.BootDevice) (map[string]any, error) {
	var target schemas.BootSource
	switch dev {
	case oob.BootNetwork:
		target = schemas.PxeBootSource
	case oob.BootDisk:
		target = schemas.HddBootSource
	case oob.BootNormal:
		return map[string]any{"BootSourceOverrideEnabled": schemas.DisabledBootSourceOverrideEnabled}, nil
	default:
		return nil, fmt.Errorf("%w: %q is no boot device that can be set: use %q, %q or none", oob.ErrUnsupported, dev, oob.BootNetwork, oob.BootDisk)
	}
	if offered := sys.more.Boot.Targets; len(offered) > 0 && !slices.Contains(offered, string(target)) {
		return nil, fmt.Errorf("%w: to boot from %s it would have to offer %s, it offers %s", oob.ErrUnsupported, dev, target, short(words(offered), 200))
	}
	return map[string]any{"BootSourceOverrideEnabled": schemas.OnceBootSourceOverrideEnabled, "BootSourceOverrideTarget": target}, nil
}

// is tells whether err is a refusal with one of these statuses.
func is(err error, statuses ...int) bool {
	var refusal *schemas.Error
	return errors.As(err, &refusal) && slices.Contains(statuses, refusal.HTTPReturnedStatusCode)
}
