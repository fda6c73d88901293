package collect

import (
	"slices"
	"strings"

	"firstlight/agent/report"
)

// system reports the operating system that runs. A system that did not boot from
// the network has no BOOTIF: the NIC that will is taken to be the one with the
// default route. NICs get their permanent MACs, whatever the system calls them by.
func (c *collector) system() {
	c.report.OS = &report.OS{Hostname: c.text("proc/sys/kernel/hostname"), Release: c.release()}
	for i := range c.report.NICs {
		if n := &c.report.NICs[i]; strings.Trim(n.PermanentMAC, "0:") != "" {
			n.MAC = strings.ToLower(n.PermanentMAC)
		}
	}
	if c.report.Boot.MAC == "" {
		c.report.Boot.MAC = c.routed()
	}
	if c.report.Boot.MAC == "" {
		c.missing("boot-nic")
	}
}

// release is what the system calls itself (os-release(5)).
func (c *collector) release() string {
	for line := range strings.Lines(c.first("etc/os-release", "usr/lib/os-release")) {
		if value, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return unquote(strings.TrimSpace(value))
		}
	}
	return ""
}

// unquote undoes a shell's quotes, as far as os-release(5) allows them.
func unquote(s string) string {
	if n := len(s); n < 2 || s[0] != s[n-1] || s[0] != '"' && s[0] != '\'' {
		return s
	}
	quote, s := s[0], s[1:len(s)-1]
	if quote == '"' {
		s = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(s)
	}
	return s
}

// routed is the MAC of the NIC that the default route goes through. Of the ports
// of a bond it is the one that lent the bond its MAC, else the first with a link.
// Switches in software (Open vSwitch) show their ports by the MAC alone.
func (c *collector) routed() string {
	via := c.defaultRoute()
	if via == "" {
		return ""
	}
	mac := strings.ToLower(c.text("sys/class/net/" + via + "/address"))
	var ports []report.NIC
	for _, n := range c.report.NICs {
		if slices.Contains(c.stack(n.Name), via) {
			ports = append(ports, n)
		}
	}
	for _, choice := range []struct {
		nics []report.NIC
		is   func(report.NIC) bool
	}{
		{ports, func(n report.NIC) bool { return n.MAC == mac }},
		{ports, func(n report.NIC) bool { return n.Link }},
		{ports, func(report.NIC) bool { return true }},
		{c.report.NICs, func(n report.NIC) bool { return n.MAC == mac }},
	} {
		if i := slices.IndexFunc(choice.nics, choice.is); i >= 0 {
			return choice.nics[i].MAC
		}
	}
	return ""
}
