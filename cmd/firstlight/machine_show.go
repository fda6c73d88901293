package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineShowCmd struct {
	machineRef
	showFlags
}

// Run shows a machine.
func (c *machineShowCmd) Run(ctx context.Context, h *host) error {
	s := showing[api.Machine]{path: c.path(""), machine: c.Ref, lines: machineLines}
	_, err := s.run(ctx, h, &c.remote, c.showFlags)
	return err
}

func machineLines(p output.Printer, m api.Machine) []string {
	lines := output.Facts(p, machineFacts(p, m))
	if m.Where != nil && len(m.Where.Cables) > 0 {
		lines = append(append(lines, ""), output.Table(p, m.Where.Cables, cableColumns)...)
	}
	if m.Trust != nil {
		lines = append(append(lines, ""), output.Table(p, m.Trust.Rungs, provenColumns)...)
	}
	if m.Facts != nil {
		lines = append(append(lines, ""), output.Facts(p, hardwareFacts(m.Facts))...)
	}
	if len(m.Differences) > 0 {
		lines = append(append(lines, ""), output.Table(p, m.Differences, differenceColumns)...)
	}
	return lines
}

var differenceColumns = []output.Column[api.Difference]{
	{Name: "not as declared", Value: func(d api.Difference) any { return d.Field }},
	{Name: "declared", Value: func(d api.Difference) any { return d.Declared }},
	{Name: "discovered", Value: func(d api.Difference) any { return d.Discovered }},
	{Name: "by", Value: func(d api.Difference) any { return d.By }},
}

func machineFacts(p output.Printer, m api.Machine) []output.Fact {
	return []output.Fact{
		{"name", m.Name},
		{"status", output.Word{Text: m.Status + since(output.AgeText(p.Now, m.Since)), Tone: tones[m.Status]}},
		{"reason", m.Sentence},
		{"issues", joined(m.Issues...)},
		{"waits for", waitsText(m.Waits)},
		{"waits", m.Observed.Waits},
		{"progress", percent(m.Observed.Progress)},
		{"in repair", handlingText(m.Handling)},
		{"undo", undoText(m.Undo)},
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
		{"light", m.Observed.Light},
		{"bmc", bmcText(m.BMC)},
		{"proof", proofText(p, m.Observed)},
		{"trust", trustText(m.Trust)},
		{"contest", contestText(p, m.Observed)},
		{"interfaces", nicsText(m.NICs)},
		{"id", m.ID},
		{"created", m.CreatedAt},
	}
}

func since(age string) string {
	if age == "" {
		return ""
	}
	return " for " + age
}

func handlingText(h string) string {
	if h == "" {
		return ""
	}
	return "disks to " + h
}

// undoText is what was just done to a machine, and what undoing it does.
func undoText(u *api.Undo) string {
	if u == nil {
		return ""
	}
	return u.By + " " + u.Did + "; undo " + u.Does
}

// proofText is by what the last boot of the agent is known.
func proofText(p output.Printer, o api.Observed) string {
	if o.Proof == nil {
		return ""
	}
	return fmt.Sprintf("enrolled %s ago, key %s", output.AgeText(p.Now, *o.Proof.At), o.Proof.Key)
}

// provenColumns say of each rung how the boot came to it, or what it lacks.
var provenColumns = []output.Column[api.Proven]{
	{Name: "rung", Value: func(r api.Proven) any { return r.Rung }},
	{Name: "proven", Value: func(r api.Proven) any { return yes(r.At != nil, "yes") }},
	{Name: "by, or what it lacks", Value: func(r api.Proven) any { return r.How + r.Lacks }},
}

// trustText is how far the boot has proven to be the machine's.
func trustText(t *api.Trust) string {
	if t == nil {
		return ""
	}
	return joined(t.Rung, t.Doubt)
}

// contestText is who else spoke for the machine.
func contestText(p output.Printer, o api.Observed) string {
	if o.Contest == nil {
		return ""
	}
	return fmt.Sprintf("%s; seen %s ago from %s, key %s", o.Contest.How, output.AgeText(p.Now, *o.Contest.At), o.Contest.From, o.Contest.Key)
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
	return joined(yes(f.Locked, locked), yes(f.NoPowerOff, "no_power_off"), yes(f.RetireWhenReleased, "retire_when_released"), yes(f.Frozen, "frozen"), yes(f.Fenced, "fenced"), yes(f.UntilBoot, "until_boot"))
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
		texts = append(texts, strings.Join(strings.Fields(n.Name+" "+n.MAC+" "+n.Address+" "+yes(n.Boot, "(boot)")+" "+cableText(n)), " "))
	}
	return joined(texts...)
}

// cableText is where an interface was seen.
func cableText(n api.NIC) string {
	if at := strings.Trim(n.SeenSwitch+"/"+n.SeenPort, "/"); at != "" {
		return "in " + at
	}
	return ""
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
