// Package collect reads what a machine is from the files in which Linux and
// the firmware tell it: one file of this package for each source.
//
// It promises to change nothing, to leave out what it cannot read and to name
// that in the report's Missing, and to finish with whatever is there: half a
// report of a broken machine is worth more than none. Everything is read
// through an fs.FS, so that recordings of machines (Record) are its test data.
// Package agent/pid1 and the command import it; it imports agent/report.
package collect

import (
	"io/fs"
	"slices"
	"sync"

	"firstlight/agent/report"
)

// Machine is where facts are read. Root is required.
type Machine struct {
	Root     fs.FS                                            // "/", or a recording of one
	Contents func(name string, bytes uint64) []report.Content // looks into one disk, read-only
	Link     func(nic string) Link                            // what only the kernel's interfaces tell
	BMC      func() (*report.BMC, error)                      // in-band; nil where there is none
}

// Link is what is known of a NIC beyond its files.
type Link struct {
	PermanentMAC string
	Addresses    []string // with prefix length
}

// Collect reads everything. Disks are looked into at the same time, as the
// slowest of them would otherwise be waited for once per disk.
func (m Machine) Collect() report.Report {
	r := report.Report{Version: report.Version}
	c := &collector{root: m.Root, report: &r}
	c.boot()
	tables := c.smbios()
	c.cpus(tables)
	c.memory()
	c.disks()
	c.nics(m.Link)
	m.contents(&r)
	m.bmc(&r, c)
	slices.Sort(r.Missing)
	r.Missing = slices.Compact(r.Missing)
	return r
}

func (m Machine) contents(r *report.Report) {
	var g sync.WaitGroup
	for i := range r.Disks {
		d := &r.Disks[i]
		d.Contents = []report.Content{}
		if m.Contents != nil {
			g.Go(func() { d.Contents = append(d.Contents, m.Contents(d.Name, d.Bytes)...) })
		}
	}
	g.Wait()
}

// bmc prefers what the BMC says itself to what the firmware says of it.
func (m Machine) bmc(r *report.Report, c *collector) {
	if m.BMC == nil {
		return
	}
	switch b, err := m.BMC(); {
	case err != nil:
		c.missing("bmc")
	case b != nil:
		r.BMC = b
	}
}

// collector fills a report from a root.
type collector struct {
	root   fs.FS
	report *report.Report
}

func (c *collector) missing(fact string) { c.report.Missing = append(c.report.Missing, fact) }
