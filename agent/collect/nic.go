package collect

import (
	"strings"

	"firstlight/agent/report"
)

// nics lists Ethernet interfaces with hardware behind them: not loopback,
// bridges and bonds (no device), not wireless, not InfiniBand (another type).
func (c *collector) nics(link func(string) Link) {
	const ethernet = 1 // ARPHRD_ETHER
	c.report.NICs = []report.NIC{}
	for _, name := range c.names("sys/class/net") {
		dir := "sys/class/net/" + name
		if c.number(dir+"/type") != ethernet || !c.exists(dir+"/device") || c.exists(dir+"/phy80211") {
			continue
		}
		nic := report.NIC{
			Name: name, MAC: strings.ToLower(c.text(dir + "/address")), Driver: c.base(dir + "/device/driver"),
			Link: c.number(dir+"/carrier") == 1,
			Mbps: number(c.text(dir + "/speed")),
		}
		nic.Mbps = max(0, nic.Mbps) // virtio says -1 for "unknown"
		if link != nil {
			l := link(name)
			nic.PermanentMAC, nic.Addresses = l.PermanentMAC, l.Addresses
		}
		c.report.NICs = append(c.report.NICs, nic)
	}
	if len(c.report.NICs) == 0 {
		c.missing("nics")
	}
}
