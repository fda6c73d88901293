package main

import (
	"context"
	"net/http"
	"strings"

	"firstlight/server/api"
)

// machinesRef names one machine, or many by a selector that somebody counted.
type machinesRef struct {
	remote
	Ref      string `arg:"" optional:"" complete:"machine" help:"Hardware name, host name, MAC or id; left out with --selector."`
	Selector string `short:"l" placeholder:"SELECTOR" complete:"selector" help:"All machines that it picks, or none where one is refused."`
	Expect   int    `placeholder:"N" help:"How many --selector picks; with another number nothing is changed."`
	DryRun   bool   `help:"With --selector: say what would become of each machine, and change nothing."`
}

func (m machinesRef) path(verb string) string { return machineRef{Ref: m.Ref}.path(verb) }

func (m machinesRef) order(ctx context.Context, h *host, verb string, body any, done string) error {
	return machineRef{m.remote, m.Ref}.order(ctx, h, verb, body, done)
}

// many tells whether a selector picks the machines.
func (m machinesRef) many() bool { return m.Selector != "" }

// check wants one machine, or a selector with a number.
func (m machinesRef) check() error {
	switch {
	case m.many() && m.Ref != "":
		return usage("give a machine, or --selector: not both")
	case !m.many() && m.Ref == "":
		return usage("say which machine, or which with --selector and --expect")
	case m.many() && m.Expect < 1:
		return usage("--selector %q: say with --expect how many machines it picks; see them with: firstlight machine ls %s", m.Selector, quoteWord(m.Selector))
	case !m.many() && (m.Expect > 0 || m.DryRun):
		return usage("--expect and --dry-run go with --selector")
	}
	return nil
}

func quoteWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// change asks for one change of all machines of the selector, and says what
// became of each.
func (m machinesRef) change(ctx context.Context, h *host, f formFlags, order api.MachinesChange) error {
	a, err := m.open(h)
	if err != nil {
		return err
	}
	order.Selector, order.Expected, order.DryRun = m.Selector, m.Expect, m.DryRun
	var did api.MachinesChanged
	text, err := a.Do(ctx, http.MethodPost, "/machines/bulk", order, &did)
	if err != nil {
		return err
	}
	if f.Output != "table" {
		return h.printer(f.Output).Document(text)
	}
	for _, v := range did.Items {
		if err := h.say("%s: %s", v.Machine, verdictText(v)); err != nil {
			return err
		}
	}
	if !did.Written {
		h.note("dry run: nothing was changed; %d would be, %d are so already, %d are refused", did.Changed, did.Unchanged, did.Refused)
	}
	return nil
}

func verdictText(v api.MachineVerdict) string {
	switch {
	case v.Detail != "":
		return v.Result + ": " + v.Detail
	case len(v.Fields) > 0:
		return v.Result + " (" + strings.Join(v.Fields, ", ") + ")"
	}
	return v.Result
}
