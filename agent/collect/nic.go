package collect

import (
	"slices"
	"strings"

	"firstlight/agent/report"
)

// nics lists Ethernet interfaces with hardware behind them: not loopback,
// bridges and bonds (no device), not wireless, not InfiniBand (another type),
// not the virtual functions of a NIC, which are for guests.
func (c *collector) nics(link func(string) Link) {
	const ethernet = 1 // ARPHRD_ETHER
	if link == nil {
		link = func(string) Link { return Link{} }
	}
	c.report.NICs = []report.NIC{}
	for _, name := range c.names("sys/class/net") {
		dir := "sys/class/net/" + name
		if c.number(dir+"/type") != ethernet || !c.exists(dir+"/device") || c.exists(dir+"/phy80211") || c.exists(dir+"/device/physfn") {
			continue
		}
		c.report.NICs = append(c.report.NICs, c.nic(name, dir, link))
	}
	if len(c.report.NICs) == 0 {
		c.missing("nics")
	}
}

// nic is one interface. A bond gives its own MAC to all its ports, and only the
// ports' permanent ones are what firmware boots with.
func (c *collector) nic(name, dir string, link func(string) Link) report.NIC {
	own := link(name)
	nic := report.NIC{
		Name: name, MAC: strings.ToLower(c.first(dir+"/bonding_slave/perm_hwaddr", dir+"/address")),
		PermanentMAC: own.PermanentMAC,
		Driver:       c.base(dir + "/device/driver"),
		Link:         c.number(dir+"/carrier") == 1,
		Mbps:         max(0, number(c.text(dir+"/speed"))), // virtio says -1 for "unknown"
		Addresses:    own.Addresses,
		PCI:          controller(c.target(dir)),
	}
	if nic.PCI != "" {
		c.card(&nic, pciDevices+"/"+nic.PCI)
	}
	for _, upper := range c.stack(name)[1:] {
		nic.Addresses = append(nic.Addresses, link(upper).Addresses...)
	}
	return nic
}

// card enters what the device behind an interface is. The version of its firmware
// has a file only with drivers that do RDMA too.
func (c *collector) card(nic *report.NIC, dir string) {
	nic.ID = c.ids(dir+"/vendor", dir+"/device")
	nic.TotalVFs, nic.VFs = int(c.number(dir+"/sriov_totalvfs")), int(c.number(dir+"/sriov_numvfs"))
	for _, name := range c.names(dir + "/infiniband") {
		nic.Firmware = c.text(dir + "/infiniband/" + name + "/fw_ver")
	}
}

// stack is an interface with all that stand on it: bonds, bridges, VLANs.
func (c *collector) stack(name string) []string {
	all := []string{name}
	for i := 0; i < len(all); i++ {
		dir := "sys/class/net/" + all[i]
		for _, entry := range c.names(dir) {
			upper, ok := strings.CutPrefix(entry, "upper_")
			if ok && c.target(dir+"/"+entry) != "" && !slices.Contains(all, upper) {
				all = append(all, upper)
			}
		}
	}
	return all
}
