package oobtest

import (
	"context"
	"sync"

	"firstlight/server/oob"
)

// Memory is a machine of nothing but memory, for a simulated BMC to switch.
type Memory struct {
	mu      sync.Mutex
	running bool
	boots   int
	last    oob.BootDevice
	light   oob.Indicator
}

// NewMemory gives one that is off.
func NewMemory() *Memory { return &Memory{light: oob.IndicatorOff} }

// Identity is what stands on its plate.
func (*Memory) Identity() oob.Identity {
	return oob.Identity{Vendor: "Contoso", Model: "R1", Serial: "SN-0042", UUID: "4c4c4544-0042-3510-8052-b4c04f4e3732"}
}

// PowerOn starts it.
func (m *Memory) PowerOn(_ context.Context, next oob.BootDevice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running, m.last = true, next
	m.boots++
	return nil
}

// PowerOff pulls its plug.
func (m *Memory) PowerOff(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = false
	return nil
}

// Running tells whether it runs.
func (m *Memory) Running() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.running }

// Boots counts how often it was started.
func (m *Memory) Boots() int { m.mu.Lock(); defer m.mu.Unlock(); return m.boots }

// LastBoot is the device of the last start.
func (m *Memory) LastBoot() oob.BootDevice { m.mu.Lock(); defer m.mu.Unlock(); return m.last }

// Indicator is what its light does.
func (m *Memory) Indicator() oob.Indicator { m.mu.Lock(); defer m.mu.Unlock(); return m.light }

// Indicate sets its light.
func (m *Memory) Indicate(i oob.Indicator) { m.mu.Lock(); defer m.mu.Unlock(); m.light = i }
