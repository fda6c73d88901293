package main

import (
	"fmt"
	"strings"

	"firstlight/server/api"
)

func printHardware(h *host, f *api.Facts) error {
	facts := [][2]string{
		{"firmware", joined(f.Firmware, f.Platform, yes(f.SecureBoot, "Secure Boot"))},
		{"cpu", joined(f.CPU, plural(f.Sockets, "socket"), plural(f.Cores, "core"), plural(f.Threads, "thread"))},
		{"memory", bytesText(f.MemoryBytes) + " in " + plural(len(f.DIMMs), "module")},
	}
	for _, d := range f.Disks {
		facts = append(facts, [2]string{"disk " + d.Name, joined(d.Serial, d.Model, bytesText(d.Bytes), d.Transport, contentsText(d))})
	}
	for _, p := range f.NICs {
		facts = append(facts, [2]string{"port " + p.Name, joined(p.MAC, p.Driver, linkText(p))})
	}
	facts = append(facts, [2]string{"not readable", joined(f.Missing...)})
	if err := h.say(""); err != nil {
		return err
	}
	return printFacts(h.out, facts)
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
			text += ", " + bytesText(c.Used) + " used"
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
