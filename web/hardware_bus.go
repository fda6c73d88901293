package web

import (
	"fmt"
	"strings"

	"firstlight/server/machine"
)

// nic is an interface with its card. A permanent MAC is shown where it is not the
// one that the system uses.
func nic(n machine.Port) string {
	permanent := ""
	if !n.PermanentMAC.IsZero() && n.PermanentMAC != n.MAC {
		permanent = "permanent " + n.PermanentMAC.String()
	}
	functions := ""
	if n.TotalVFs > 0 {
		functions = fmt.Sprintf("%d of %d virtual functions", n.VFs, n.TotalVFs)
	}
	return join(", ", n.MAC.String(), permanent, linkSpeed(n), n.Driver, prefixed("firmware ", n.Firmware), functions, join(" ", n.PCI, n.ID))
}

func linkSpeed(n machine.Port) string {
	switch {
	case n.Link && n.Mbps >= 1000:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n.Mbps)/1000), ".0") + " Gb/s"
	case n.Link && n.Mbps > 0:
		return fmt.Sprintf("%d Mb/s", n.Mbps)
	case n.Link:
		return "link"
	}
	return "no link"
}

// devices lists the PCI bus.
func devices(all []machine.PCI) listData {
	l := listData{ID: "pci", Title: plural(len(all), "PCI device", "PCI devices")}
	for _, p := range all {
		l.Rows = append(l.Rows, fact{p.Address, join(", ", p.Kind(), p.ID, prefixed("card ", p.Subsystem), p.Driver)})
	}
	return l
}

func prefixed(word, text string) string {
	if text == "" {
		return ""
	}
	return word + text
}
