package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"firstlight/server/api"
)

type machineShowCmd struct {
	machineRef
	showFlags
}

// Run shows a machine.
func (c *machineShowCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var m api.Machine
	text, err := a.Get(ctx, c.path(""), nil, &m)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(h.out, text)
	}
	if err := printFacts(h.out, h.machineFacts(m)); err != nil || m.Facts == nil {
		return err
	}
	return printHardware(h, m.Facts)
}

func (h *host) machineFacts(m api.Machine) [][2]string {
	return [][2]string{
		{"name", m.Name},
		{"status", m.Status + since(h.age(m.Since))},
		{"reason", m.Sentence},
		{"waits", m.Observed.Waits},
		{"progress", percent(m.Observed.Progress)},
		{"flags", flagsText(m.Flags)},
		{"host name", m.Hostname},
		{"address", m.Address},
		{"site", m.Site},
		{"rack", place(m)},
		{"role", m.Role},
		{"owner", m.Owner},
		{"pool", m.Pool},
		{"image", m.Image},
		{"rule", m.Rule},
		{"job", m.Job},
		{"kind", m.Kind},
		{"vendor", m.Vendor},
		{"product", m.Product},
		{"serial", m.Serial},
		{"uuid", m.UUID},
		{"power", m.Observed.Power},
		{"bmc", bmcText(m.BMC)},
		{"interfaces", nicsText(m.NICs)},
		{"id", m.ID},
		{"created", clock(m.CreatedAt)},
	}
}

func since(age string) string {
	if age == "" {
		return ""
	}
	return " for " + age
}

func percent(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.Itoa(int(f*100)) + " %"
}

func place(m api.Machine) string {
	if m.Unit == 0 {
		return m.Rack
	}
	return fmt.Sprintf("%s unit %d", m.Rack, m.Unit)
}

func flagsText(f api.Flags) string {
	locked := "locked"
	if f.LockNote != "" {
		locked += " (" + f.LockNote + ")"
	}
	return joined(yes(f.Locked, locked), yes(f.NoPowerOff, "no_power_off"), yes(f.RetireWhenReleased, "retire_when_released"))
}

func bmcText(b api.BMC) string {
	if b.Type == "" && b.Address == "" && b.MAC == "" {
		return "none known"
	}
	proven := "log-in not proven yet"
	switch {
	case b.Failed != "":
		proven = "log-in failed: " + b.Failed
	case b.Proven:
		proven = "log-in proven"
	}
	return joined(b.Type, b.Address, b.MAC, proven)
}

func nicsText(all []api.NIC) string {
	var texts []string
	for _, n := range all {
		texts = append(texts, strings.Join(strings.Fields(n.Name+" "+n.MAC+" "+n.Address+" "+yes(n.Boot, "(boot)")), " "))
	}
	return joined(texts...)
}

// joined leaves out what is empty.
func joined(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, ", ")
}
