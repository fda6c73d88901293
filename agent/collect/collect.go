// Package collect reads what a machine is from the files in which Linux and
// the firmware tell it: one file of this package for each source.
//
// It promises to change nothing, to leave out what it cannot read and to name
// that in the report's Missing, and to finish with whatever is there: half a
// report of a broken machine is worth more than none. Everything is read
// through an fs.FS and a passthrough.Door, so that recordings of machines (Record)
// are its test data. Packages agent/facts, agent/pid1 and the command import it.
package collect

import (
	"errors"
	"io/fs"
	"slices"
	"sync"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
	"firstlight/agent/smart"
)

// Machine is where facts are read. Root is required.
type Machine struct {
	Root     fs.FS                                                     // "/", or a recording of one
	OS       bool                                                      // an operating system runs on it, which is reported too
	Contents func(name string, bytes uint64) ([]report.Content, error) // looks into one disk, read-only
	Door     func(disk string) (passthrough.Door, func(), error)       // speaks to a disk below the block layer, until the func is called
	Link     func(name string) Link                                    // what only the kernel's interfaces tell
	BMC      func() (*report.BMC, error)                               // in-band; nil where there is none
}

// Link is what is known of an interface beyond its files.
type Link struct {
	PermanentMAC string
	Addresses    []string // with prefix length
}

// Collect reads everything.
func (m Machine) Collect() report.Report {
	r := report.Report{Version: report.Version}
	c := &collector{root: m.Root, report: &r}
	c.boot()
	tables := c.smbios()
	c.dimms(tables)
	c.cpus(tables)
	c.memory()
	c.disks()
	c.nics(m.Link)
	c.pci()
	if m.OS {
		c.system()
	}
	m.look(&r, c)
	m.bmc(&r, c)
	slices.Sort(r.Missing)
	r.Missing = slices.Compact(r.Missing)
	return r
}

// look looks into all disks and asks them how they are, at the same time, as the
// slowest of them would otherwise be waited for once per disk.
func (m Machine) look(r *report.Report, c *collector) {
	var g sync.WaitGroup
	errs, ill := make([]error, len(r.Disks)), make([]error, len(r.Disks))
	for i := range r.Disks {
		d, as := &r.Disks[i], r.Disks[i]
		g.Go(func() { errs[i] = m.contents(d) })
		g.Go(func() { d.Health, ill[i] = m.health(as) })
	}
	g.Wait()
	for i, err := range errs {
		if err != nil {
			c.unread(&r.Disks[i], err)
		}
		if ill[i] != nil {
			c.missing("health")
		}
	}
}

func (m Machine) contents(d *report.Disk) error {
	if m.Contents == nil {
		d.Contents = []report.Content{}
		return nil
	}
	found, err := m.Contents(d.Name, d.Bytes)
	d.Contents = append([]report.Content{}, found...)
	return err
}

func (m Machine) health(d report.Disk) (*report.Health, error) {
	if m.Door == nil || !smart.Asks(d.Transport) {
		return nil, nil
	}
	door, done, err := m.Door(d.Name)
	if err != nil {
		return nil, err
	}
	defer done()
	return smart.Read(door, d)
}

// unread says what is known of a disk that was not looked into. Where that was
// forbidden, udev may have been allowed to.
func (c *collector) unread(d *report.Disk, err error) {
	c.missing("contents")
	if errors.Is(err, fs.ErrPermission) {
		d.Contents = c.recognised(d.Name)
	}
	if len(d.Contents) == 0 {
		d.Contents = []report.Content{{Device: d.Name, Kind: "unreadable", Type: "error", Bytes: d.Bytes}}
	}
}

// bmc prefers what the BMC says itself to what the firmware says of it, whose
// address counts where the BMC tells none. One that the firmware knows and the
// kernel has no device of has not said its address.
func (m Machine) bmc(r *report.Report, c *collector) {
	if m.BMC == nil {
		return
	}
	switch b, err := m.BMC(); {
	case err != nil:
		c.missing("bmc")
	case b != nil:
		r.BMC = reachable(*b, r.BMC)
	case r.BMC != nil && r.BMC.Address == "":
		c.missing("bmc")
	}
}

// reachable gives a BMC that does not tell its address the one that the firmware
// knows.
func reachable(said report.BMC, known *report.BMC) *report.BMC {
	if said.Address == "" && known != nil {
		said.Address = known.Address
	}
	return &said
}

// collector fills a report from a root.
type collector struct {
	root   fs.FS
	report *report.Report
}

func (c *collector) missing(fact string) { c.report.Missing = append(c.report.Missing, fact) }
