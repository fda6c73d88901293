package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

type bootDiffCmd struct {
	remote
	formFlags
	Since    string   `default:"30d" placeholder:"TIME" help:"How far back boots are looked at, such as 30d or 12h."`
	Rule     string   `placeholder:"NAME" help:"A rule as it would be with what is given after it, such as match=subnet=lab image=debian-12."`
	DropRule string   `placeholder:"NAME" help:"Without this rule."`
	Subnet   string   `placeholder:"NAME" complete:"subnet" help:"A subnet as it would be with --policy or --mode."`
	Policy   string   `placeholder:"POLICY" complete:"ignore,observe,register" help:"Of --subnet."`
	Mode     string   `placeholder:"MODE" complete:"server,proxy,off" help:"Of --subnet."`
	Option   string   `placeholder:"NAME" help:"A set of DHCP options as it would be with what is given after it, such as options=mtu=9000 match=role=db."`
	Lock     string   `placeholder:"SELECTOR" complete:"selector" help:"All machines that it picks locked."`
	Unlock   string   `placeholder:"SELECTOR" complete:"selector" help:"All machines that it picks unlocked."`
	Words    []string `arg:"" optional:"" name:"field=value" help:"What changes of --rule or --option; without a change, what it says now."`
}

// Run holds a change against the boots that there were.
func (c *bootDiffCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	back, err := period(c.Since)
	if err != nil {
		return err
	}
	ask := api.BootDiffAsk{SinceSeconds: int64(back / time.Second), DropRule: c.DropRule}
	if err := c.propose(ctx, a, &ask); err != nil {
		return err
	}
	var d api.BootDiff
	text, err := a.Do(ctx, http.MethodPost, "/boot/diff", ask, &d)
	if err != nil {
		return err
	}
	p := h.printer(c.Output)
	if c.Output != "table" {
		return p.Document(text)
	}
	return p.Lines(diffLines(d))
}

// propose reads what is there and changes what was given.
func (c *bootDiffCmd) propose(ctx context.Context, a *client.Client, ask *api.BootDiffAsk) error {
	switch {
	case c.Rule != "":
		var old api.Rule
		if _, err := a.Get(ctx, "/rules/"+url.PathEscape(c.Rule), nil, &old); err != nil && !missing(err) {
			return err
		}
		rule := machine.Rule(old)
		rule.Name, rule.Order = c.Rule, 0
		if err := setFields(declare.Rule(), &rule, c.Words); err != nil {
			return err
		}
		put := api.RulePut(rule)
		ask.Rule = &put
	case c.Subnet != "":
		set := subnetSetCmd{Policy: c.Policy, Mode: c.Mode}
		var old api.Subnet
		if _, err := a.Get(ctx, "/subnets/"+url.PathEscape(c.Subnet), nil, &old); err != nil {
			return err
		}
		put, err := set.put(old)
		put.Name, ask.Subnet = c.Subnet, &put
		return err
	case c.Option != "":
		set, _, err := (&planSetCmd[optionKind]{planRef: planRef[optionKind]{Name: c.Option}}).read(ctx, a)
		if err != nil {
			return err
		}
		if err := setFields(declare.Plan(set.Kind()), set, c.Words); err != nil {
			return err
		}
		put, _ := api.ShowPlan(set, 0).(api.OptionSet)
		put.Name, ask.Options = c.Option, &put
	case c.Lock != "":
		return c.picked(ctx, a, ask, api.MachinesChange{Selector: c.Lock, Lock: &api.LockOrder{Note: "proposed"}})
	case c.Unlock != "":
		return c.picked(ctx, a, ask, api.MachinesChange{Selector: c.Unlock, Unlock: &api.UnlockOrder{}})
	case c.DropRule == "":
		return usage("say what would change: --rule, --drop-rule, --subnet, --option, --lock or --unlock")
	}
	return nil
}

// picked counts what a selector picks: nothing is changed that could be too much.
func (c *bootDiffCmd) picked(ctx context.Context, a *client.Client, ask *api.BootDiffAsk, change api.MachinesChange) error {
	all, err := client.Whole[api.Machine](ctx, a, "/machines", queryOf("selector", change.Selector, "fields", "name"))
	change.Expected, ask.Machines = max(len(all.Items), 1), &change
	return err
}

func diffLines(d api.BootDiff) []string {
	lines := []string{fmt.Sprintf("changes the answer for %s of %s boots, %s of them destructive", grouped(d.Changed), grouped(d.Boots), grouped(d.Destructive))}
	if d.Forbidden {
		lines = append(lines, "It would serve an installer to machines in use, and cannot be saved.")
	}
	for _, i := range d.Items {
		who := i.MAC
		if i.Machine != "" {
			who = i.Machine + " (" + i.MAC + ")"
		}
		mark := " "
		if i.Destructive {
			mark = "!"
		}
		if i.InUse != "" {
			who += ", which is " + i.InUse + ", in use"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s → %s (%d, last %s)", mark, output.Plain(who), output.Plain(i.Before), output.Plain(i.After), i.Boots, output.Clock(i.Last)))
	}
	return lines
}

// grouped writes a number with a comma between thousands.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return grouped(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// period reads a time that may be in days.
func period(text string) (time.Duration, error) {
	var days int
	if n, err := fmt.Sscanf(text, "%dd", &days); err == nil && n == 1 && fmt.Sprintf("%dd", days) == text && days > 0 {
		return time.Duration(days) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, usage("--since %q: want a time such as 30d or 12h", text)
	}
	return d, nil
}
