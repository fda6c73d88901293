package bmcsim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// resetTypes are those that mean something for a virtual machine. There is no
// operating system to ask, so a graceful shutdown is not offered.
var resetTypes = []string{"On", "ForceOff", "ForceRestart", "PowerCycle"}

// switchTime bounds one power change; it outlives the request that asked for it,
// as a real one does.
const switchTime = 30 * time.Second

// reset answers POST …/ComputerSystem.Reset.
func (b *BMC) reset(asked object) answer {
	for name := range asked {
		if name != "ResetType" {
			return refuse(http.StatusBadRequest, "ActionParameterUnknown", "The action ComputerSystem.Reset was submitted with the invalid parameter %s.", name)
		}
	}
	value, given := asked["ResetType"]
	if !given {
		return refuse(http.StatusBadRequest, "ActionParameterMissing", "The action ComputerSystem.Reset requires that the parameter ResetType be present.")
	}
	kind, isText := value.(string)
	if !isText || !slices.Contains(resetTypes, kind) {
		return refuse(http.StatusBadRequest, "ActionParameterValueNotInList", "The value %v for the parameter ResetType is not in the list of acceptable values.", value)
	}
	if b.opts.Profile.RefuseSamePower && b.machine.Running() == (kind == "On") && kind != "ForceRestart" && kind != "PowerCycle" {
		return refuse(http.StatusConflict, "IDRAC.2.8.PSU501", "The server is already in that power state.")
	}
	return b.later(func() error { return b.turn(kind) })
}

// turn does one reset. One at a time: a power button has one finger on it.
func (b *BMC) turn(kind string) error {
	b.switchOne.Lock()
	defer b.switchOne.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.life), switchTime)
	defer cancel()
	if kind != "On" {
		if err := b.off(ctx); err != nil {
			return err
		}
	}
	if kind == "ForceOff" {
		return nil
	}
	return b.on(ctx)
}

func (b *BMC) off(ctx context.Context) error {
	if !b.machine.Running() {
		return nil
	}
	if err := b.machine.PowerOff(ctx); err != nil {
		return fmt.Errorf("power off: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.PowerOffs++
	return nil
}

// on uses the boot override up even if the machine then fails to start, as
// firmware does.
func (b *BMC) on(ctx context.Context) error {
	if b.machine.Running() {
		return nil
	}
	if err := b.machine.PowerOn(ctx, b.TakeNextBoot()); err != nil {
		return fmt.Errorf("power on: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.PowerOns++
	return nil
}
