// Package oob is out-of-band management: what the appliance asks of a BMC.
//
// It holds the vocabulary (Power, BootDevice, Indicator, the kinds of failure) and the
// Controller that every protocol implements; the packages below it are the
// adapters, the simulator and the contract that all of them pass. Jobs and the
// wiring import it. It imports nothing of ours.
package oob

import (
	"context"
	"errors"
)

// Power is what a BMC says of a machine's power.
type Power string

// What a BMC can say.
const (
	PowerUnknown Power = ""
	PowerOn      Power = "on"
	PowerOff     Power = "off"
)

// BootDevice is where a machine looks for its next boot only.
type BootDevice string

// Boot devices that every adapter knows.
const (
	BootNormal  BootDevice = ""        // the firmware's own order
	BootNetwork BootDevice = "network" // PXE
	BootDisk    BootDevice = "disk"
)

// Indicator is what the identify light of a machine does, by which a person in
// front of forty of them finds the one that is meant.
type Indicator string

// What an identify light can do.
const (
	IndicatorUnknown  Indicator = ""
	IndicatorOff      Indicator = "off"
	IndicatorBlinking Indicator = "blinking"
	IndicatorLit      Indicator = "lit"
)

// On tells whether it can be seen at all.
func (i Indicator) On() bool { return i == IndicatorBlinking || i == IndicatorLit }

// Failures that callers act upon. Adapters wrap them with what they saw.
var (
	ErrUnreachable = errors.New("the BMC does not answer")
	ErrCredentials = errors.New("the BMC refuses the user or the password")
	ErrUnsupported = errors.New("the BMC cannot do this")
)

// Identity is what a BMC says of the machine that it belongs to.
type Identity struct {
	Vendor, Model, Serial, UUID string
	Firmware                    string // the BMC's own version
}

// Controller is one BMC, logged in. Its methods may be called by one goroutine
// at a time; each honours its context. An error that is ErrUnreachable says
// nothing of what the BMC did with the command before it: look before asking
// again.
type Controller interface {
	// Identify proves the log-in and says whose BMC this is.
	Identify(ctx context.Context) (Identity, error)
	// Power says what the power is now.
	Power(ctx context.Context) (Power, error)
	// SetPower asks for a state and returns once the BMC accepted it; the state
	// follows later. Asking for the state that already holds is not an error.
	SetPower(ctx context.Context, want Power) error
	// NextBoot reads the device of the next boot.
	NextBoot(ctx context.Context) (BootDevice, error)
	// SetNextBoot sets the device for the next boot only.
	SetNextBoot(ctx context.Context, dev BootDevice) error
	// Indicator says what the identify light does now.
	Indicator(ctx context.Context) (Indicator, error)
	// SetIndicator sets the identify light, IndicatorUnknown being no state to
	// ask for, and returns once the BMC shows it. A light that has but one way to
	// be on takes it for both of them. ErrUnsupported: the machine has none.
	SetIndicator(ctx context.Context, want Indicator) error
	// Close ends the session with the BMC; sessions are scarce.
	Close(ctx context.Context) error
}

// ErrNoLogin means that no BMC is known of a machine, or no credential for it:
// a person has to press the button.
var ErrNoLogin = errors.New("no BMC with a known log-in")
