package pid1

import (
	"log/slog"
	"os"
	"sync"
	"time"

	"firstlight/agent/bmc"
	"firstlight/agent/collect"
	"firstlight/agent/report"
	"firstlight/agent/signature"

	"github.com/vishvananda/netlink"
)

// Facts collects the report of this machine.
type Facts struct {
	version string
	log     *slog.Logger
	mu      sync.Mutex
	bmc     *report.BMC // asking it takes long, and it does not change its mind
}

// NewFacts makes a collector of this machine's facts; version is the agent's.
func NewFacts(version string, log *slog.Logger) *Facts { return &Facts{version: version, log: log} }

// Collect reads the machine. Nothing is written anywhere.
func (f *Facts) Collect() report.Report {
	began := time.Now()
	m := collect.Machine{Root: os.DirFS("/"), Contents: f.contents, Link: link, BMC: f.askBMC}
	r := m.Collect()
	r.Boot.Agent = f.version
	r.Collected = time.Since(began)
	return r
}

// contents looks into a disk. It is opened for reading, which the kernel then
// holds us to.
func (f *Facts) contents(name string, bytes uint64) []report.Content {
	disk, err := os.OpenFile("/dev/"+name, os.O_RDONLY, 0)
	if err != nil {
		f.log.Warn("disk not readable", "disk", name, "error", err)
		return []report.Content{{Device: name, Kind: "unreadable", Type: "error", Bytes: bytes}}
	}
	defer disk.Close()
	return signature.Find(disk, int64(bytes), name)
}

func (f *Facts) askBMC() (*report.BMC, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bmc != nil {
		return f.bmc, nil
	}
	b, err := bmc.Read("/dev/ipmi0")
	if err != nil {
		f.log.Warn("BMC not asked", "error", err)
		return nil, err
	}
	f.bmc = b
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
