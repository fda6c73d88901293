package light

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"firstlight/agent/patience"
	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/virtualrack/console"
)

// Spec is one light machine as it was racked.
type Spec struct {
	Serial    string // its name as well
	UUID      string
	Twin      Twin
	Vendor    string
	Product   string
	UEFI      bool // what its firmware would be
	ARM64     bool // a 64-bit ARM server, which has UEFI
	MAC       machine.MAC
	BMC       netip.Addr
	Switch    string // where its cable belongs, by LLDP
	Port      string
	WrongPort string // of that switch, where its cable is if WrongCable is planted
	DiskBytes int64
	Whole     bool // fetches all of kernel and initramfs, and checks their hashes
}

// Twin is another machine, whose UUID one shows where TwoFaces is planted, and
// whose serial number where ClonedSerial is.
type Twin struct{ UUID, Serial string }

// arch is DHCP's option 93 of its firmware (RFC 4578 §2.1).
func (s *Spec) arch() uint16 {
	switch {
	case s.ARM64:
		return 11
	case s.UEFI:
		return 7
	}
	return 0
}

// goarch is what its kernel is built for.
func (s *Spec) goarch() string {
	if s.ARM64 {
		return "arm64"
	}
	return "amd64"
}

// buildarch is what its iPXE is built for, in iPXE's words.
func (s *Spec) buildarch() string {
	switch {
	case s.ARM64:
		return "arm64"
	case s.UEFI:
		return "x86_64"
	}
	return "i386"
}

// Machine is a light machine in its rack unit, off at first. Its methods may be
// called by any goroutine.
type Machine struct {
	spec    Spec
	wire    *Wire
	disk    *Disk
	console *console.Console
	log     *slog.Logger
	next    func() oob.BootDevice

	mu       sync.Mutex
	fault    Fault
	pull     context.CancelFunc // nil when it is off
	dark     chan struct{}
	boot     string // id of this boot
	instance string // of the system that ran last
	boots    int
}

// New racks a machine. Its console is also written to record, which may be nil.
func New(s Spec, w *Wire, record io.Writer, log *slog.Logger) *Machine {
	return &Machine{
		spec: s, wire: w, disk: NewDisk(s.DiskBytes), console: console.New(record), log: log.With("machine", s.Serial),
		next: func() oob.BootDevice { return oob.BootNormal },
	}
}

// AskAtReset sets whom the machine asks, when it restarts by itself, what to
// boot from this once. It is called before the first PowerOn.
func (m *Machine) AskAtReset(next func() oob.BootDevice) { m.next = next }

// Console is what it says.
func (m *Machine) Console() *console.Console { return m.console }

// Disk is its disk.
func (m *Machine) Disk() *Disk { return m.disk }

// Identity is what its BMC says of it.
func (m *Machine) Identity() oob.Identity {
	return oob.Identity{Vendor: m.spec.Vendor, Model: m.spec.Product, Serial: m.spec.Serial, UUID: m.spec.UUID, Firmware: "VR-BMC 1.0"}
}

// Running tells whether it has power.
func (m *Machine) Running() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pull != nil
}

// Boots is how often it started.
func (m *Machine) Boots() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boots
}

// PowerOn starts it; next is where it looks first, this once.
func (m *Machine) PowerOn(_ context.Context, next oob.BootDevice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pull != nil {
		return nil
	}
	ctx, pull := context.WithCancel(context.Background())
	m.pull, m.dark = pull, make(chan struct{})
	go m.live(ctx, next, m.dark)
	return nil
}

// PowerOff pulls the plug and returns when the machine is still.
func (m *Machine) PowerOff(ctx context.Context) error {
	m.mu.Lock()
	pull, dark := m.pull, m.dark
	m.mu.Unlock()
	if pull == nil {
		return nil
	}
	pull()
	select {
	case <-dark:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("power off machine %s: %w", m.spec.Serial, context.Cause(ctx))
	}
}

// Close powers it off for good.
func (m *Machine) Close(ctx context.Context) error { return m.PowerOff(ctx) }

// live goes from boot to boot until the power goes.
func (m *Machine) live(ctx context.Context, next oob.BootDevice, dark chan struct{}) {
	defer close(dark)
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.pull()
		m.pull = nil
	}()
	for ctx.Err() == nil {
		end, err := m.bootOnce(ctx, next)
		if err != nil && ctx.Err() == nil {
			m.console.Printf("boot failed: %v", err)
			m.log.Warn("a boot failed", "error", err)
			_ = patience.Wait(ctx, retry)
		}
		if end == report.ActionPowerOff {
			return
		}
		next = m.next()
	}
}

// retry is how long firmware looks at its failure before it starts again.
const retry = 10 * time.Second

// bootOnce is one boot, from power or reset to the next.
func (m *Machine) bootOnce(ctx context.Context, next oob.BootDevice) (end string, err error) {
	m.mu.Lock()
	m.boots++
	m.boot = uuid.NewString()
	m.mu.Unlock()
	m.console.Printf("%s %s starts", m.spec.Product, m.spec.Serial)
	if err := m.stuck(ctx, Dead); err != nil {
		return "", err
	}
	if next != oob.BootDisk && !m.has(DiskFirst) {
		o, err := m.netboot(ctx)
		if err != nil {
			m.console.Printf("network boot: %v; tries the disk", err)
		}
		if err == nil && !o.disk {
			return m.runAgent(ctx, o.cmdline)
		}
		if err == nil && m.has(DeadDisk) {
			return "", patience.Wait(ctx, time.Second) // and starts anew
		}
	}
	s, err := m.disk.findSystem()
	if err != nil {
		return "", err
	}
	return "", m.runSystem(ctx, s)
}

func (m *Machine) bootID() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boot
}
