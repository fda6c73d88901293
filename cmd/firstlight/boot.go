package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type bootCmd struct {
	Explain  bootExplainCmd  `cmd:"" help:"Explain what a machine would boot now."`
	Diff     bootDiffCmd     `cmd:"" help:"Say whose boot a change of a rule, a subnet or machines would answer differently, by the boots that there were."`
	Simulate bootSimulateCmd `cmd:"" help:"Say step by step what a machine would be told if it booted from the network now."`
	Packets  bootPacketsCmd  `cmd:"" help:"Show the last DHCP packets of a machine, or write them into a file."`
	Bundle   bootBundleCmd   `cmd:"" help:"Write all that is known of a machine's boots into one file, to be read elsewhere or played by virtualrack replay."`
}

type bootExplainCmd struct {
	remote
	showFlags
	Ref string `arg:"" complete:"machine" help:"Hardware name, host name or id of a machine, or any MAC."`
}

// Run prints what would be served now and why.
func (c *bootExplainCmd) Run(ctx context.Context, h *host) error {
	s := showing[api.Boot]{path: "/machines/" + url.PathEscape(c.Ref) + "/boot", lines: bootLines}
	_, err := s.run(ctx, h, &c.remote, c.showFlags)
	return err
}

type bootSimulateCmd struct {
	remote
	showFlags
	Ref         string `arg:"" optional:"" complete:"machine" help:"Hardware name, host name or id of a machine, or any MAC; one that nobody knows when left out."`
	Subnet      string `placeholder:"SUBNET" complete:"subnet" help:"Where it boots (where it was last, or the only one)."`
	Firmware    string `placeholder:"bios|uefi|http" help:"Its firmware; http is UEFI's HTTP boot (uefi)."`
	Arch        string `placeholder:"x64|x86|arm64|N" help:"Its architecture, or the number of DHCP option 93 (x64)."`
	Card        string `placeholder:"VVVV:DDDD" help:"PCI vendor and device of the card that it boots through (as its loader said last)."`
	VendorClass string `placeholder:"TEXT" help:"DHCP option 60, where it is not the firmware's usual one."`
}

// Run prints each step and what comes of it.
func (c *bootSimulateCmd) Run(ctx context.Context, h *host) error {
	query := queryOf("machine", c.Ref, "subnet", c.Subnet, "firmware", c.Firmware, "arch", c.Arch, "card", c.Card, "vendor_class", c.VendorClass)
	s := showing[api.BootSimulation]{path: "/boot/simulation?" + query.Encode(), lines: simulationLines}
	_, err := s.run(ctx, h, &c.remote, c.showFlags)
	return err
}

func simulationLines(p output.Printer, s api.BootSimulation) []string {
	var lines []string
	for i, step := range s.Steps {
		lines = append(lines, fmt.Sprintf("%d  %s", i+1, output.Plain(step.Asks)), "   "+output.Plain(step.Gets))
	}
	lines = append(lines, optionLines(s.Options)...)
	if s.Boot == nil {
		return lines
	}
	return append(lines, bootLines(p, *s.Boot)...)
}

// optionLines say which sets of DHCP options apply, the nearest first, and which
// of their values another one overrides.
func optionLines(all []api.AppliedOptions) []string {
	var lines []string
	for i, s := range all {
		if i == 0 {
			lines = append(lines, "DHCP options, the nearest set first")
		}
		for _, o := range s.Options {
			line := "  " + output.Plain(s.Set+": "+o.Option+"="+o.Value)
			if o.By != "" {
				line += "   overridden by " + output.Plain(o.By)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func bootLines(p output.Printer, b api.Boot) []string {
	lines := slices.Concat(wrongLines(b.Wrong), output.Facts(p, bootFacts(b)), clockLines(b.Clock), pathLines(b.Boots))
	if b.Script == "" {
		return lines
	}
	lines = append(lines, "script")
	for line := range strings.Lines(b.Script) {
		lines = append(lines, "  "+output.Plain(strings.TrimRight(line, "\r\n")))
	}
	return lines
}

// wrongLines say what is wrong, what to do next, and why we think so.
func wrongLines(all []api.Diagnosis) []string {
	var lines []string
	for _, d := range all {
		sentence := output.Plain(d.Sentence)
		if d.Level == "suspected" {
			sentence = "perhaps: " + sentence
		}
		lines = append(lines, sentence, "  next: "+output.Plain(d.Next))
		for _, e := range d.Evidence {
			lines = append(lines, "  "+output.Clock(e.At)+"  "+output.Plain(e.Text))
		}
		lines = append(lines, "")
	}
	return lines
}

// clockLines say how long each stage took, beside what is usual: "DHCP, 4 tries
// 12.1s usual 300ms".
func clockLines(c *api.BootClock) []string {
	if c == nil {
		return nil
	}
	heading := "last boot"
	if c.Peers > 0 {
		heading += fmt.Sprintf(" (usual: median of %d %s)", c.Peers, output.Plain(c.Kind))
	}
	lines := []string{heading}
	for _, s := range c.Stages {
		name := s.Name
		if s.Tries > 1 {
			name += fmt.Sprintf(", %d tries", s.Tries)
		}
		line := fmt.Sprintf("  %-18s %8s", name, seconds(s.Seconds))
		if s.Open {
			line += " …"
		}
		if s.UsualSeconds != nil {
			line += "   usual " + seconds(*s.UsualSeconds).String()
		}
		lines = append(lines, line)
	}
	return lines
}

// pathLines say of each boot what was expected, what was seen, and whether that
// is right.
func pathLines(all []api.BootPath) []string {
	var lines []string
	for i, b := range all {
		if i == 0 {
			lines = append(lines, "boots, the last first")
		}
		lines = append(lines, "  "+output.Clock(b.At)+"  "+joined(b.Verdict, output.Plain(b.Why)))
		expected := "not known"
		if len(b.Expected) > 0 {
			expected = joined(strings.Join(b.Expected, " → "), b.By)
		}
		seen := make([]string, 0, len(b.Steps))
		for _, s := range b.Steps {
			seen = append(seen, strings.TrimSpace(s.Name+" "+s.What))
		}
		lines = append(lines, "    expected: "+output.Plain(expected), "    seen:     "+output.Plain(cmp.Or(strings.Join(seen, " → "), "nothing")))
	}
	return lines
}

func seconds(s float64) output.Duration { return output.Duration(s * float64(time.Second)) }

func bootFacts(b api.Boot) []output.Fact {
	machine, platform := b.Machine, b.Request.Platform
	if machine == "" {
		machine = "nobody knows this interface"
	}
	if platform == "" {
		platform = "not known yet"
	}
	address := "none from us"
	if b.Answer.Address {
		address = "given by DHCP"
	}
	return []output.Fact{
		{"machine", machine},
		{"boots", bootTarget(b.Answer)},
		{"because", b.Answer.Why},
		{"waits for", waitsText(b.Waits)},
		{"address", address},
		{"mac", b.Request.MAC},
		{"subnet", b.Request.Subnet},
		{"stage", b.Request.Stage},
		{"platform", platform + ", architecture " + strconv.Itoa(int(b.Request.Arch))},
		{"problem", b.Problem},
	}
}

// bootTarget says the API's word so that a newcomer understands it.
func bootTarget(a api.BootAnswer) string {
	switch a.Target {
	case "ignore":
		return "ignore: it gets no answer at all"
	case "disk":
		return "disk: its own"
	case "wait":
		return "wait: it asks again"
	case "agent":
		return joined("agent: our agent in memory", a.Mode)
	}
	return a.Target
}
