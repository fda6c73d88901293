package qemu

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"firstlight/server/oob"
	"firstlight/server/virtualrack/console"
)

// Machine is one QEMU machine in its rack unit. Its methods may be called by any
// goroutine.
type Machine struct {
	spec    Spec
	files   files
	console *console.Console
	log     *slog.Logger
	record  io.Closer // the console's file

	// next asks the BMC what the boot after a reset shall look at.
	next func() oob.BootDevice

	mu sync.Mutex
	on *power // nil when it is off
}

// power is the time between a press of the power button and darkness.
type power struct {
	pull context.CancelFunc
	dark chan struct{}
}

// boundStart is how long QEMU may take until its monitor answers.
const boundStart = 20 * time.Second

// New racks a machine, off. Its files live in dir; its console is written to
// console.log there.
func New(spec Spec, dir string, log *slog.Logger) (*Machine, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	f, err := prepare(&spec, dir)
	if err != nil {
		return nil, err
	}
	record, err := os.Create(filepath.Join(dir, "console.log"))
	if err != nil {
		return nil, fmt.Errorf("record the console of machine %s: %w", spec.Name, err)
	}
	return &Machine{
		spec: spec, files: f, record: record, console: console.New(record), log: log.With("machine", spec.Name),
		next: func() oob.BootDevice { return oob.BootNormal },
	}, nil
}

// AskAtReset sets whom the machine asks, when its guest resets it, what to boot
// from this once. It is called before the first PowerOn.
func (m *Machine) AskAtReset(next func() oob.BootDevice) { m.next = next }

// Console is the machine's serial line.
func (m *Machine) Console() *console.Console { return m.console }

// DiskPath is the file behind its disk.
func (m *Machine) DiskPath() string { return m.files.disk }

// Identity is what its BMC says of it.
func (m *Machine) Identity() oob.Identity {
	return oob.Identity{
		Vendor: m.spec.Vendor, Model: m.spec.Product, Serial: m.spec.Serial, UUID: m.spec.UUID, Firmware: "VR-BMC 1.0",
	}
}

// Running tells whether it has power.
func (m *Machine) Running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on != nil
}

// PowerOn starts it; next is where it looks first, this once.
func (m *Machine) PowerOn(ctx context.Context, next oob.BootDevice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.on != nil {
		return nil
	}
	p, err := m.start(ctx, next)
	if err != nil {
		return fmt.Errorf("power on machine %s: %w", m.spec.Name, err)
	}
	life, pull := context.WithCancel(context.Background())
	on := &power{pull: pull, dark: make(chan struct{})}
	m.on = on
	go m.live(life, p, on)
	return nil
}

// PowerOff pulls the plug and returns when QEMU is gone.
func (m *Machine) PowerOff(ctx context.Context) error {
	m.mu.Lock()
	on := m.on
	m.mu.Unlock()
	if on == nil {
		return nil
	}
	on.pull()
	select {
	case <-on.dark:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("power off machine %s: %w", m.spec.Name, context.Cause(ctx))
	}
}

// Close powers it off and closes its records.
func (m *Machine) Close(ctx context.Context) error {
	err := m.PowerOff(ctx)
	_ = m.record.Close()
	return err
}

// live follows the machine from boot to boot until it is dark.
func (m *Machine) live(ctx context.Context, p *process, on *power) {
	defer close(on.dark)
	defer func() {
		m.mu.Lock()
		m.on = nil
		m.mu.Unlock()
	}()
	for m.await(ctx, p) == guestReset && ctx.Err() == nil {
		var err error
		if p, err = m.start(ctx, m.next()); err != nil {
			m.log.Error("the machine does not come back from its reset", "error", err)
			return
		}
	}
}

// await waits until QEMU ends, by itself or because the plug is pulled.
func (m *Machine) await(ctx context.Context, p *process) ending {
	select {
	case <-ctx.Done():
		p.quit()
		return ""
	case <-p.ended:
	}
	why := p.qmp.why()
	if why != guestReset && why != guestShutdown {
		m.log.Error("qemu ended by itself", "said", p.said.String(), "state", p.cmd.ProcessState.String())
	}
	return why
}

func (m *Machine) start(ctx context.Context, next oob.BootDevice) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, boundStart)
	defer cancel()
	p, err := start(ctx, Program(m.spec.Firmware), args(&m.spec, m.files, next), m.console)
	if err == nil {
		m.log.Info("booting", "next_boot", string(next), "pid", p.cmd.Process.Pid)
	}
	return p, err
}
