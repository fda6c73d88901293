package main

import (
	"fmt"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

func hardwareFacts(f *api.Facts) []output.Fact {
	facts := []output.Fact{
		{"firmware", joined(f.FirmwareVendor, f.Firmware, f.FirmwareDate, f.Platform, yes(f.SecureBoot, "Secure Boot"))},
		{"cpu", joined(f.CPU, plural(f.Sockets, "socket"), plural(f.Cores, "core"), plural(f.Threads, "thread"), labelled("microcode", f.Microcode))},
		{"chassis", joined(f.ChassisType, f.ChassisVendor, f.ChassisSerial, labelled("asset", f.Asset), labelled("board", strings.TrimSpace(f.Board+" "+f.BoardSerial)))},
	}
	facts = append(facts, memoryFacts(f)...)
	for _, d := range f.Disks {
		facts = append(facts, output.Fact{"disk " + d.Name, joined(d.Serial, d.Model, output.Size(d.Bytes).String(), d.Transport, rpmText(d.RPM), labelled("firmware", d.Firmware), blocksText(d), d.WWN, d.Slot, healthText(d.Health), contentsText(d))})
	}
	for _, p := range f.NICs {
		facts = append(facts, output.Fact{"port " + p.Name, portText(p)})
	}
	for _, p := range f.PCI {
		if strings.HasPrefix(p.Class, "0104") || strings.HasPrefix(p.Class, "0107") {
			facts = append(facts, output.Fact{"raid " + p.Address, joined(p.ID, labelled("card", p.Subsystem), p.Driver, plural(behind(f, p), "disk"))})
		}
	}
	if len(f.BMCUsers) > 0 {
		facts = append(facts, output.Fact{"bmc users", joined(bmcUsers(f.BMCUsers)...)})
	}
	return append(facts, output.Fact{"not readable", joined(f.Missing...)})
}

// bmcUsers names the accounts of a BMC that may log in over the network.
func bmcUsers(all []api.BMCUser) (texts []string) {
	for _, u := range all {
		if u.Enabled && u.Network {
			texts = append(texts, fmt.Sprintf("%q %s", u.Name, u.Privilege))
		}
	}
	return texts
}

func rpmText(rpm int) string {
	if rpm == 0 {
		return ""
	}
	return fmt.Sprintf("%d rpm", rpm)
}

// labelled puts a word before what is there.
func labelled(word, text string) string {
	if text == "" {
		return ""
	}
	return word + " " + text
}

// behind counts the disks that hang on a device.
func behind(f *api.Facts, p api.PCI) (n int) {
	for _, d := range f.Disks {
		if d.PCI == p.Address {
			n++
		}
	}
	return n
}

// portText leaves out a permanent MAC that says nothing new.
func portText(p api.Port) string {
	permanent := ""
	if p.PermanentMAC != p.MAC {
		permanent = p.PermanentMAC
	}
	functions := ""
	if p.TotalVFs > 0 {
		functions = fmt.Sprintf("%d of %d virtual functions", p.VFs, p.TotalVFs)
	}
	return joined(p.MAC, labelled("permanent", permanent), p.Driver, labelled("firmware", p.Firmware), linkText(p), strings.TrimSpace(p.PCI+" "+p.ID), functions)
}

// blocksText is the size of a disk's blocks: as addressed, and as written.
func blocksText(d api.Disk) string {
	switch {
	case d.Logical == 0:
		return ""
	case d.Logical == d.Physical || d.Physical == 0:
		return fmt.Sprintf("blocks of %d", d.Logical)
	}
	return fmt.Sprintf("blocks of %d/%d", d.Logical, d.Physical)
}

// healthText says first by what a disk is failing.
func healthText(h *api.DiskHealth) string {
	if h == nil {
		return ""
	}
	text := "well"
	if len(h.Failing) > 0 {
		text = "FAILING: " + strings.Join(h.Failing, "; ")
	}
	percent := func(what string, n *int) string {
		if n == nil {
			return ""
		}
		return fmt.Sprintf("%s %d %%", what, *n)
	}
	counted := func(n uint64, what string) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("%d %s", n, what)
	}
	celsius := ""
	if h.Celsius > 0 {
		celsius = fmt.Sprintf("%d °C", h.Celsius)
	}
	return joined(text, counted(h.Hours, "hours"), celsius, percent("used", h.Used), percent("spare", h.Spare),
		counted(h.MediaErrors, "media errors"), counted(h.Reallocated, "reallocated"), counted(h.Pending, "pending"), counted(h.Uncorrectable, "uncorrectable"))
}

func contentsText(d api.Disk) string {
	if len(d.Contents) == 0 {
		return "empty"
	}
	var all []string
	for _, c := range d.Contents {
		text := strings.Join(strings.Fields(c.Device+" "+c.Kind+" "+c.Type), " ")
		if c.Label != "" {
			text += fmt.Sprintf(" %q", c.Label)
		}
		if c.Used > 0 {
			text += ", " + output.Size(c.Used).String() + " used"
		}
		all = append(all, text)
	}
	return "holds " + strings.Join(all, "; ")
}

func linkText(p api.Port) string {
	switch {
	case !p.Link:
		return "no link"
	case p.Mbps > 0:
		return fmt.Sprintf("link %d Mb/s", p.Mbps)
	}
	return "link"
}
