package light

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"firstlight/agent"
	"firstlight/agent/appliance"
	agentconsole "firstlight/agent/console"
	"firstlight/agent/crash"
	"firstlight/agent/efiboot"
	"firstlight/agent/erase"
	"firstlight/agent/identity"
	"firstlight/agent/install"
	"firstlight/agent/lldp"
	"firstlight/agent/logbook"
	"firstlight/agent/patience"
	"firstlight/agent/pid1"
	"firstlight/agent/report"
	"firstlight/agent/signature"
	"firstlight/server/virtualrack/console"
)

// What light machines run, by its own word.
const (
	kernelName   = "6.12.0-light"
	agentVersion = "light"
	standstill   = 10 * time.Minute // of an image's stream, as on a real machine
)

// runAgent is the agent's life from a kernel's command line to the reboot or
// power-off that ends it.
func (m *Machine) runAgent(ctx context.Context, cmdline string) (string, error) {
	opts, err := pid1.ParseOptions(cmdline)
	if err != nil {
		return "", err
	}
	l, release, err := m.address(ctx, agentProgram())
	if err != nil {
		return "", err
	}
	defer release()
	ctx, over := context.WithCancel(ctx)
	defer over() // what of this boot still speaks must not speak in the next
	client, err := m.client(opts, l.address)
	if err != nil {
		return "", err
	}
	defer client.Close()
	if m.has(StolenToken) {
		go m.steal(ctx, opts, l.address)
	}
	began := time.Now()
	facts := m.facts(l, began)
	if m.has(AgentCrash) {
		go m.tellCrash(ctx, client, began)
	}
	book := logbook.New()
	log := slog.New(logbook.Handler(func() time.Duration { return time.Since(began) }, book.Line))
	a := &agent.Agent{
		Appliance: client, Collect: facts, Changed: nil, Screen: screen{m.console}, Log: log, Book: book, Name: opts.Name,
		Installer: &turns{m.wire.writers, &install.Installer{
			Appliance: client, Arch: m.spec.goarch(), Log: log, Patience: standstill,
			Disks: func() []report.Disk { return facts().Disks },
			Open:  func(string) (install.Disk, error) { return m.disk, nil },
		}},
		Eraser: &erase.Eraser{
			Appliance: client, Log: log, Patience: standstill, Whole: time.Minute,
			Disks: func() []report.Disk { return facts().Disks },
			Open:  func(string) (erase.Disk, error) { return erasable{m.disk, m.has(StubbornDisk)}, nil },
		},
		Checker: checker{m, facts},
	}
	return a.Run(ctx)
}

// client is the agent's, with a key of its own.
func (m *Machine) client(opts pid1.Options, from netip.Addr) (*appliance.Client, error) {
	c, err := appliance.NewFrom(opts.Server, opts.Token, identity.New(identity.NewSeed(), 0), from)
	if err != nil {
		return nil, err
	}
	return c, c.Trust(opts.CA)
}

// steal is somebody who read the script on the wire, and comes late.
func (m *Machine) steal(ctx context.Context, opts pid1.Options, from netip.Addr) {
	thief, err := m.client(opts, from)
	if err != nil {
		m.log.Error("cannot steal", "error", err)
		return
	}
	defer thief.Close()
	if patience.Wait(ctx, stealAfter) == nil {
		_, err = thief.Order(ctx, "")
	}
	m.console.Printf("another agent asks with the same boot token: %v", err)
}

// stealAfter is when the machine's own agent has enrolled.
const stealAfter = 3 * time.Second

// tellCrash is what a second life of the agent says of the first.
func (m *Machine) tellCrash(ctx context.Context, to *appliance.Client, began time.Time) {
	c := report.Crash{Boot: m.bootID(), Life: 1, Agent: agentVersion, End: "exit code 2", Lived: 1}
	var words crash.Ring
	_, _ = io.WriteString(&words, Panic+"\n\ngoroutine 1 [running]:\nmain.main()\n")
	words.Tell(&c)
	if err := crash.Insist(ctx, to.Crash, c, func() time.Duration { return time.Since(began) }, m.log); err != nil && ctx.Err() == nil {
		m.log.Error("a crash stays untold", "error", err)
	}
}

// Panic is why the agent of a machine crashed where AgentCrash is planted.
const Panic = "panic: runtime error: index out of range [3] with length 3"

// turns lets only so many installs of a rack run at the same time.
type turns struct {
	room chan struct{}
	*install.Installer
}

// Install implements agent.Installer.
func (t *turns) Install(ctx context.Context, o report.Order, progress func(report.Progress)) (string, error) {
	select {
	case t.room <- struct{}{}:
	case <-ctx.Done():
		return report.StepRedeem, ctx.Err()
	}
	defer func() { <-t.room }()
	return t.Installer.Install(ctx, o, progress)
}

// facts says what the machine is. Its disk is read as a real one's is.
func (m *Machine) facts(l lease, since time.Time) func() report.Report {
	s, began := m.shown(), since
	if m.has(WrongClock) {
		since = since.AddDate(-23, 0, 0)
	}
	dimms := m.dimms()
	return func() report.Report {
		return report.Report{
			Version: report.Version,
			Boot: report.Boot{
				ID: m.bootID(), Kernel: kernelName, Arch: s.goarch(), Platform: map[bool]string{false: "bios", true: "efi"}[s.UEFI],
				MAC: s.MAC.String(), Order: m.order(), Started: since.UTC(), Uptime: time.Since(began).Seconds(), Agent: agentVersion,
			},
			System:   report.System{Vendor: s.Vendor, Product: s.Product, Serial: s.Serial, UUID: s.UUID},
			Board:    report.Board{Vendor: s.Vendor, Product: s.Product, Serial: s.Serial + "-B"},
			Chassis:  report.Chassis{Vendor: s.Vendor, Serial: s.Serial + "-C"},
			Firmware: report.Firmware{Vendor: s.Vendor, Version: "light", Date: "2026-01-01"},
			CPUs:     []report.CPU{{Socket: "CPU 0", Model: "Light", Cores: 16, Threads: 32}},
			Memory:   memory(dimms),
			DIMMs:    dimms,
			Disks: []report.Disk{{
				Name: diskName, Serial: s.Serial + "-D1", Model: "Light", Bytes: uint64(m.disk.Size()), Transport: "virtio",
				Contents: signature.Find(m.disk, m.disk.Size(), diskName), Health: m.health(),
			}},
			NICs: []report.NIC{{Name: "eth0", MAC: s.MAC.String(), Driver: "light", Link: true, Mbps: 1000, Addresses: []string{l.address.String() + "/16"}, Neighbour: m.neighbour()}},
			BMC:  &report.BMC{Address: s.BMC.String(), Source: "smbios-42"},
		}
	}
}

// shown is who the machine says that it is.
func (m *Machine) shown() Spec {
	s := m.spec
	switch {
	case m.has(TwoFaces):
		s.UUID = s.Twin.UUID
	case m.has(ClonedSerial):
		s.Serial = s.Twin.Serial
	case m.has(NoSerial):
		s.Serial = "To Be Filled By O.E.M."
	}
	return s
}

// health is what its disk says of itself.
func (m *Machine) health() *report.Health {
	used, spare := 4, 100
	h := &report.Health{Source: "nvme", Hours: 8760, Celsius: 31, Used: &used, Spare: &spare, SpareLimit: 10}
	if m.has(FailingDisk) {
		spare = 3
		h.Says = []string{"its spare blocks are at 3 %, and its limit is 10 %"}
	}
	return h
}

// dimms are its two slots of memory.
func (m *Machine) dimms() []report.DIMM {
	all := make([]report.DIMM, 0, 2)
	for _, slot := range []string{"A1", "B1"} {
		all = append(all, report.DIMM{Slot: slot, Bytes: 32 << 30, Type: "DDR5", MTs: 4800, Vendor: m.spec.Vendor, Serial: m.spec.Serial + "-" + slot})
	}
	if m.has(MissingDIMM) {
		all[1] = report.DIMM{Slot: "B1", Empty: true}
	}
	return all
}

func memory(dimms []report.DIMM) (sum uint64) {
	for _, d := range dimms {
		sum += d.Bytes
	}
	return sum
}

// neighbour is the switch at the other end of the cable; nil: the spec has none.
func (m *Machine) neighbour() *report.Neighbour {
	port := m.spec.Port
	if m.has(WrongCable) {
		port = m.spec.WrongPort
	}
	if m.spec.Switch == "" {
		return nil
	}
	return &report.Neighbour{Chassis: m.spec.Switch, ChassisKind: lldp.KindLocal, Port: port, PortKind: lldp.KindName, System: m.spec.Switch}
}

// order is what UEFI would tell of its boot order.
func (m *Machine) order() []string {
	if !m.spec.UEFI {
		return nil
	}
	return []string{efiboot.ToNetwork, efiboot.ToDevice}
}

const diskName = "vda"

// screen is the agent's console: a line for each thing it says.
type screen struct{ to *console.Console }

// Show implements agent.Screen.
func (s screen) Show(v agentconsole.View) {
	line := fmt.Sprintf("%s: %s", v.Name, v.Sentence)
	if last := s.to.Lines(1); len(last) == 0 || last[0] != line {
		s.to.Printf("%s", line)
	}
}

// Progress implements agent.Screen; the appliance hears of it anyway.
func (screen) Progress(string, int64, int64) {}
