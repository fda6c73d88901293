package virtualrack

import (
	"context"
	"fmt"
	"net/netip"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/redfish"
	"firstlight/server/virtualrack/console"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/qemu"
)

// Machine is one machine of the rack with its BMC.
type Machine struct {
	Name   string // in ServerDb: its serial
	Serial string
	UUID   string
	MAC    machine.MAC

	Switch, Port string // where its cable belongs

	BMC        *bmcsim.BMC // its faults and counts
	BMCAddress netip.Addr

	password oob.Secret
	hands    hands
	qemu     *qemu.Machine  // nil for a light one
	light    *light.Machine // nil for a QEMU one
}

// hands are what the BMC has its hands on.
type hands interface {
	bmcsim.Machine
	Console() *console.Console
	Close(ctx context.Context) error
}

// Light tells whether the machine is a light one.
func (m *Machine) Light() bool { return m.light != nil }

// Plant makes something wrong with a light machine, from its next step on;
// light.Healthy mends it.
func (m *Machine) Plant(f light.Fault) error {
	if m.light == nil {
		return fmt.Errorf("%s: plant %q: it is no light machine", m.Name, f)
	}
	m.light.Plant(f)
	return nil
}

// LightDisk is a light machine's disk; nil for a QEMU one.
func (m *Machine) LightDisk() *light.Disk {
	if m.light == nil {
		return nil
	}
	return m.light.Disk()
}

// Running tells whether the machine has power.
func (m *Machine) Running() bool { return m.hands.Running() }

// Indicator is what its identify light does.
func (m *Machine) Indicator() oob.Indicator { return m.BMC.Indicator() }

// Console is what the machine says on its serial line.
func (m *Machine) Console() *console.Console { return m.hands.Console() }

// ConsoleTail is the last n lines of it.
func (m *Machine) ConsoleTail(n int) []string { return m.Console().Lines(n) }

// DiskPath is the raw file behind a QEMU machine's disk; empty for a light one.
func (m *Machine) DiskPath() string {
	if m.qemu == nil {
		return ""
	}
	return m.qemu.DiskPath()
}

// PowerOn presses the power button as the appliance would: by Redfish, through
// the machine's BMC.
func (m *Machine) PowerOn(ctx context.Context) error { return m.power(ctx, oob.PowerOn) }

// PowerOff pulls the plug through the machine's BMC.
func (m *Machine) PowerOff(ctx context.Context) error { return m.power(ctx, oob.PowerOff) }

// BootOnce chooses the device of its next boot, through its BMC.
func (m *Machine) BootOnce(ctx context.Context, dev oob.BootDevice) error {
	return m.through(ctx, "boot "+string(dev), func(c *redfish.Controller) error { return c.SetNextBoot(ctx, dev) })
}

func (m *Machine) power(ctx context.Context, want oob.Power) error {
	return m.through(ctx, "power "+string(want), func(c *redfish.Controller) error { return c.SetPower(ctx, want) })
}

func (m *Machine) through(ctx context.Context, what string, do func(*redfish.Controller) error) error {
	c, err := redfish.Dial(ctx, redfish.Config{
		Address: m.BMCAddress.String(), User: bmcUser, Password: m.password, Serial: m.Serial, UUID: m.UUID,
	})
	if err == nil {
		err = do(c)
		_ = c.Close(context.WithoutCancel(ctx)) // the BMC is ours and forgets the session with the rack
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", m.Name, what, err)
	}
	return nil
}
