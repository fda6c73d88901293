// Package facts collects the report of the very machine that it runs on: what
// package collect reads from files, and what only the kernel's interfaces, the
// disks and the BMC tell.
//
// It promises to change nothing: whatever is opened is opened for reading, no
// module is loaded, no link and no address is touched. Package agent/pid1 runs it
// in the boot image, the command firstlight-agent on machines in use.
package facts

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"firstlight/agent/bmc"
	"firstlight/agent/collect"
	"firstlight/agent/passthrough"
	"firstlight/agent/report"
	"firstlight/agent/signature"

	"github.com/vishvananda/netlink"
)

// Machine is this machine.
type Machine struct {
	Version string // the agent's
	OS      bool   // an operating system runs, not the boot image
	Log     *slog.Logger
	// Neighbour is who is at the other end of an interface's cable; nil: nobody listens.
	Neighbour func(nic string) *report.Neighbour

	mu  sync.Mutex
	bmc *report.BMC // asking it takes long, and it does not change its mind
}

// Collect reads the machine.
func (m *Machine) Collect() report.Report {
	began := time.Now()
	r := collect.Machine{Root: os.DirFS("/"), OS: m.OS, Contents: m.contents, Door: door, Link: link, BMC: m.askBMC}.Collect()
	r.Boot.Agent = m.Version
	for i := range r.NICs {
		if m.Neighbour != nil {
			r.NICs[i].Neighbour = m.Neighbour(r.NICs[i].Name)
		}
	}
	r.Collected = time.Since(began)
	return r
}

// contents looks into a disk. It is opened for reading, which the kernel then
// holds us to.
func (m *Machine) contents(name string, bytes uint64) ([]report.Content, error) {
	disk, err := os.OpenFile("/dev/"+name, os.O_RDONLY, 0)
	if err != nil {
		m.Log.Warn("disk not readable", "disk", name, "error", err)
		return nil, fmt.Errorf("look into a disk: %w", err)
	}
	defer disk.Close()
	return signature.Find(disk, int64(bytes), name), nil
}

// door leads below the block layer of a disk that is opened for reading. Health is
// asked there by commands that read (agent/smart).
func door(disk string) (passthrough.Door, func(), error) {
	f, err := os.OpenFile("/dev/"+disk, os.O_RDONLY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("ask a disk how it is: %w", err)
	}
	return passthrough.On(f), func() { _ = f.Close() }, nil
}

// Record writes what reports of this machine are made from.
func Record(scrub bool, w io.Writer) error {
	live := collect.Live{Door: door}
	if send, done, err := bmc.Open(ipmi); err == nil {
		defer done()
		live.BMC = send
	}
	return collect.Record(os.DirFS("/"), live, scrub, w)
}

// ipmi is the way to the BMC.
const ipmi = "/dev/ipmi0"

func (m *Machine) askBMC() (*report.BMC, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bmc != nil {
		return m.bmc, nil
	}
	b, err := bmc.Read(ipmi)
	if err != nil {
		m.Log.Warn("BMC not asked", "error", err)
		return nil, err
	}
	m.bmc = b
	return b, nil
}

// link asks the kernel for what no file tells.
func link(nic string) collect.Link {
	l, err := netlink.LinkByName(nic)
	if err != nil {
		return collect.Link{}
	}
	found := collect.Link{PermanentMAC: l.Attrs().PermHWAddr.String()}
	addrs, err := netlink.AddrList(l, netlink.FAMILY_ALL)
	if err != nil {
		return found
	}
	for _, a := range addrs {
		if !a.IP.IsLinkLocalUnicast() {
			found.Addresses = append(found.Addresses, a.IPNet.String())
		}
	}
	return found
}
