package bmcsim

import (
	"context"

	"github.com/bougou/go-ipmi/pkg/hal"
	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/bougou/go-ipmi/pkg/types"

	"firstlight/server/oob"
)

// hardware is what the IPMI side has its hands on: the same machine.
type hardware struct {
	hal.HAL // no sensors, no GPIO, no I2C, no console; who asks for them finds nil
	bmc     *BMC
}

func (h *hardware) Chassis() hal.ChassisHAL { return h }
func (h *hardware) Storage() hal.StorageHAL { return inventory{h.bmc} }
func (h *hardware) Network() hal.NetworkHAL { return &h.bmc.lan }
func (*hardware) Sensors() hal.SensorHAL    { return nil }
func (*hardware) Console() hal.ConsoleHAL   { return nil }
func (*hardware) Close() error              { return nil }

func (h *hardware) PowerState(context.Context) (bool, error) { return h.bmc.shownPower() == "On", nil }

func (h *hardware) SetPower(_ context.Context, on bool) error {
	if on {
		return h.turn("On")
	}
	return h.turn("ForceOff")
}

func (h *hardware) PowerCycle(context.Context) error { return h.turn("PowerCycle") }
func (h *hardware) ColdReset(context.Context) error  { return h.turn("ForceRestart") }
func (h *hardware) WarmReset(context.Context) error  { return hal.ErrNotSupported }

// turn does one change of power, unless the BMC lies.
func (h *hardware) turn(kind string) error {
	h.bmc.pause()
	if h.bmc.Faults().Lie {
		return nil
	}
	return h.bmc.turn(kind)
}

func (*hardware) Identify(context.Context, uint8) error        { return hal.ErrNotSupported }
func (*hardware) IntrusionState(context.Context) (bool, error) { return false, hal.ErrNotSupported }

// devices are the selectors that mean something here.
var devices = map[types.BootDeviceSelector]string{0: "None", 1: "Pxe", 2: "Hdd", 5: "Cd", 6: "BiosSetup"}

func (h *hardware) SetBootFlags(_ context.Context, f *types.BootOptionParam_BootFlags) error {
	h.bmc.pause()
	target, known := devices[f.BootDeviceSelector]
	if !known {
		return hal.ErrNotSupported
	}
	next := override{enabled: "Once", target: target, mode: "Legacy"}
	switch {
	case !f.BootFlagsValid || target == "None":
		next = noOverride()
	case f.Persist:
		next.enabled = "Continuous"
	}
	if f.BIOSBootType {
		next.mode = "UEFI"
	}
	if !h.bmc.Faults().Lie {
		h.bmc.setBoot(next)
	}
	return nil
}

func (h *hardware) GetBootFlags(context.Context) (*types.BootOptionParam_BootFlags, error) {
	h.bmc.mu.Lock()
	defer h.bmc.mu.Unlock()
	is, f := h.bmc.boot, &types.BootOptionParam_BootFlags{}
	for selector, target := range devices {
		if target == is.target && is.enabled != "Disabled" {
			f.BootFlagsValid, f.BootDeviceSelector = true, selector
		}
	}
	f.Persist, f.BIOSBootType = is.enabled == "Continuous", is.mode == "UEFI"
	return f, nil
}

func (*hardware) SetBootInfoAcknowledge(context.Context, *types.BootOptionParam_BootInfoAcknowledge) error {
	return nil
}

func (*hardware) GetBootInfoAcknowledge(context.Context) (*types.BootOptionParam_BootInfoAcknowledge, error) {
	return nil, hal.ErrNotSupported
}

// chassisStatus tells of the power and of the identify light (table 28-3).
func (b *BMC) chassisStatus(context.Context, *handlers.HandlerContext, []byte) ([]byte, types.CompletionCode, error) {
	b.pause()
	const lightShown, lightOn = 0x40, 0x20
	power, light := byte(0), byte(lightShown)
	if b.shownPower() == "On" {
		power = 1
	}
	if b.Indicator().On() {
		light |= lightOn
	}
	return []byte{power, 0, light}, types.CodeOK, nil
}

// chassisIdentify switches the light on for ever, on for some seconds (which it
// takes for ever as well: nobody waits for it here), or off (table 28-5).
func (b *BMC) chassisIdentify(_ context.Context, _ *handlers.HandlerContext, asked []byte) ([]byte, types.CompletionCode, error) {
	b.pause()
	next := oob.IndicatorBlinking
	if len(asked) > 0 && asked[0] == 0 && (len(asked) == 1 || asked[1]&1 == 0) {
		next = oob.IndicatorOff
	}
	if !b.Faults().Lie {
		b.setLight(next)
	}
	return nil, types.CodeOK, nil
}
