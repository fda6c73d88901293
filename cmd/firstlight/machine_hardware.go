package main

import (
	"fmt"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

func hardwareFacts(f *api.Facts) []output.Fact {
	facts := []output.Fact{
		{"firmware", joined(f.Firmware, f.Platform, yes(f.SecureBoot, "Secure Boot"))},
		{"cpu", joined(f.CPU, plural(f.Sockets, "socket"), plural(f.Cores, "core"), plural(f.Threads, "thread"))},
	}
	facts = append(facts, memoryFacts(f)...)
	for _, d := range f.Disks {
		facts = append(facts, output.Fact{"disk " + d.Name, joined(d.Serial, d.Model, output.Size(d.Bytes).String(), d.Transport, rpmText(d.RPM), firmwareText(d.Firmware), blocksText(d), d.WWN, contentsText(d))})
	}
	for _, p := range f.NICs {
		facts = append(facts, output.Fact{"port " + p.Name, joined(p.MAC, p.Driver, linkText(p))})
	}
	return append(facts, output.Fact{"not readable", joined(f.Missing...)})
}

func rpmText(rpm int) string {
	if rpm == 0 {
		return ""
	}
	return fmt.Sprintf("%d rpm", rpm)
}

func firmwareText(version string) string {
	if version == "" {
		return ""
	}
	return "firmware " + version
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
