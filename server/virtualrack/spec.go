package virtualrack

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"firstlight/server/machine"
	"firstlight/server/virtualrack/light"
	"firstlight/server/virtualrack/qemu"
)

// Spec is a rack as it is ordered.
type Spec struct {
	Dir      string // run folder: state, disks, consoles, logs; must exist
	Program  string // the appliance: bin/firstlight
	Images   string // folder of OS images with manifests; none when empty
	Machines []MachineSpec
	Light    int // how many light machines
	ARM64    int // how many of these, the last, are 64-bit ARM servers
	// Relayed is how many networks lie behind relays (RelayedNetwork). Their
	// machines and relays are whoever speaks from these addresses in this process;
	// the rack routes them.
	Relayed int
	// Behind is how the first of these networks is set up, but for its addresses;
	// nil: as the others.
	Behind *machine.Subnet
	// Mode is what DHCP does on the boot network; machine.ModeServer when empty.
	Mode string
	// IPv6 has the machines boot by IPv6 alone: their subnet is one of IPv6, a
	// router advertises it, and the appliance's IPv4 reaches their BMCs only.
	IPv6 bool
	// LinkRate makes the cables of appliance and machines links of so many bits a
	// second; as fast as the host when 0.
	LinkRate uint64
	// Whole has light machines fetch kernel and initramfs to their last byte, and
	// check their hashes.
	Whole bool
	// Rules accept machines; DefaultRules when nil.
	Rules []machine.Rule
	// People is the listening socket of the people's door; one on the rack's own
	// loopback when nil.
	People *os.File
	Out    io.Writer // what the appliance prints; discarded when nil
	Log    *slog.Logger
	HTTPS  bool // UEFI machines boot over HTTPS
	// OwnLoader has iPXE ROMs start the appliance's loader before the script.
	OwnLoader bool
	// SecureBoot gives UEFI machines the signed loaders.
	SecureBoot bool
	Level      slog.Level // of the appliance's own log, which goes to firstlight.log
}

// MachineSpec is one QEMU machine. The zero value of a field takes the default.
type MachineSpec struct {
	Firmware  qemu.Firmware // BIOS
	Disk      qemu.DiskKind // virtio
	Card      qemu.Card     // virtio
	DiskBytes int64         // 8 GiB, sparse
	MemoryMB  int           // 1024
	CPUs      int           // 1
	Clock     time.Time     // the host's
	InBand    bool          // it reaches a BMC by KCS
}

// DefaultRules install the image on the first two QEMU machines and the light
// image on the first half of the light ones. All others become available.
func DefaultRules(image string, lights int) []machine.Rule {
	var rules []machine.Rule
	add := func(r machine.Rule) {
		r.Accept, r.Site = true, siteName
		rules = append(rules, r)
	}
	if image != "" {
		add(machine.Rule{Name: "web", Match: "serial=VR0001,VR0002", Rack: "r1", Role: "web", Image: image, Limit: 2})
	}
	if lights > 1 {
		add(machine.Rule{Name: "light", Match: "product=" + ProductLight, Rack: "r2", Role: "light", Image: light.ImageName, Limit: lights / 2})
	}
	add(machine.Rule{Name: "spare", Match: "vendor=" + vendor, Rack: "r1", Role: "spare"})
	return rules
}

func (s *Spec) fill() error {
	s.Mode = cmp.Or(s.Mode, machine.ModeServer)
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Out == nil {
		s.Out = io.Discard
	}
	var err error
	if s.Dir, err = filepath.Abs(s.Dir); err != nil {
		return err
	}
	if s.Program, err = filepath.Abs(s.Program); err != nil {
		return err
	}
	switch {
	case len(s.Machines) > maxEach || s.Light > maxEach || s.Light < 0:
		return fmt.Errorf("%d machines and %d light ones: want at most %d of each", len(s.Machines), s.Light, maxEach)
	case s.ARM64 < 0 || s.ARM64 > s.Light:
		return fmt.Errorf("%d light machines with ARM: want 0 to %d, all the light ones", s.ARM64, s.Light)
	case s.Relayed < 0 || s.Relayed > maxRelayed:
		return fmt.Errorf("%d networks behind relays: want at most %d", s.Relayed, maxRelayed)
	case s.HTTPS && s.Light > 0:
		return errors.New("light machines in a rack that boots over HTTPS: they read no certificates; want QEMU machines alone")
	case s.IPv6 && s.Light+s.Relayed > 0:
		return errors.New("light machines or relays in a rack of IPv6: they speak IPv4; want QEMU machines alone")
	case s.IPv6 && slices.ContainsFunc(s.Machines, func(m MachineSpec) bool { return m.Firmware == qemu.BIOS }):
		return errors.New("a BIOS in a rack of IPv6: its option ROM speaks IPv4; want uefi, or another with UEFI")
	case len(s.Machines)+s.Light+s.Relayed == 0:
		return errors.New("a rack without machines: want at least one")
	}
	if _, err := os.Stat(s.Program); err != nil {
		return fmt.Errorf("the appliance %s: %w; build it with: make build", s.Program, err)
	}
	for i := range s.Machines {
		s.Machines[i].fill()
		if err := qemu.Missing(s.Machines[i].Firmware); err != nil {
			return err
		}
	}
	return nil
}

func (m *MachineSpec) fill() {
	if m.Firmware == "" {
		m.Firmware = qemu.BIOS
	}
	if m.Disk == "" {
		m.Disk = qemu.Virtio
	}
	if m.Card == "" {
		m.Card = qemu.VirtioNet
	}
	if m.DiskBytes == 0 {
		m.DiskBytes = 8 << 30
	}
	if m.MemoryMB == 0 {
		m.MemoryMB = 1024
	}
	m.CPUs = max(m.CPUs, 1)
}
