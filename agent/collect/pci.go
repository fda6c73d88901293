package collect

import (
	"strings"

	"firstlight/agent/report"
)

const pciDevices = "sys/bus/pci/devices"

// pci lists what is on the PCI bus, by address. Virtual functions come and go with
// whoever asks for them, and are no hardware of their own.
func (c *collector) pci() {
	for _, address := range c.names(pciDevices) {
		dir := pciDevices + "/" + address
		if c.exists(dir + "/physfn") {
			continue
		}
		c.report.PCI = append(c.report.PCI, report.PCI{
			Address: address, Class: hex(c.text(dir + "/class")), ID: c.ids(dir+"/vendor", dir+"/device"),
			Subsystem: card(c.ids(dir+"/subsystem_vendor", dir+"/subsystem_device")), Driver: c.base(dir + "/driver"),
		})
	}
}

// ids joins two files that hold "0x8086" and the like.
func (c *collector) ids(vendor, device string) string {
	v, d := hex(c.text(vendor)), hex(c.text(device))
	if v == "" || d == "" {
		return ""
	}
	return v + ":" + d
}

func hex(s string) string { return strings.TrimPrefix(s, "0x") }

// card leaves out the numbers of a card whose maker gave it none.
func card(ids string) string {
	if ids == "0000:0000" {
		return ""
	}
	return ids
}
