package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"firstlight/server/api"
	"firstlight/server/machine"
)

// machineCmd is what can be asked of, and done to, machines.
type machineCmd struct {
	Ls          machineLsCmd          `cmd:"" help:"List machines."`
	Show        machineShowCmd        `cmd:"" help:"Show a machine."`
	Timeline    machineTimelineCmd    `cmd:"" help:"Show what happened to a machine."`
	History     machineHistoryCmd     `cmd:"" help:"Show the changes of a machine's status."`
	Log         machineLogCmd         `cmd:"" help:"Show the last lines that a machine's agent logged."`
	Power       machinePowerCmd       `cmd:"" help:"Switch a machine's power."`
	Light       machineLightCmd       `cmd:"" help:"Let a machine's identify light shine, blink or end."`
	Set         machineSetCmd         `cmd:"" help:"Change what is declared of a machine, or of many: place, role, owner, tags, cabling."`
	Lock        machineLockCmd        `cmd:"" help:"Keep automation away from a machine, or from many."`
	Unlock      machineUnlockCmd      `cmd:"" help:"Let automation at a machine, or at many, again."`
	Thaw        machineThawCmd        `cmd:"" help:"Let machines go on that a restore froze."`
	Release     machineReleaseCmd     `cmd:"" help:"Give a machine's disks free to be overwritten."`
	Waive       machineWaiveCmd       `cmd:"" help:"Let a held machine pass a check that failed, with a reason; for admins."`
	Broken      machineBrokenCmd      `cmd:"" help:"Mark a machine as broken."`
	Repair      machineRepairCmd      `cmd:"" help:"Give a broken machine into repair."`
	Repaired    machineRepairedCmd    `cmd:"" help:"End a repair: the machine is checked like a new one."`
	Return      machineReturnCmd      `cmd:"" help:"Give a broken machine back to its owner."`
	Retire      machineRetireCmd      `cmd:"" help:"Take a machine out of the fleet for good."`
	Erase       machineEraseCmd       `cmd:"" help:"Have all disks of a machine erased, and release it."`
	Erasures    machineErasuresCmd    `cmd:"" help:"List what became of a machine's disks when they were erased."`
	Certificate machineCertificateCmd `cmd:"" help:"Print the certificates of a machine's erased disks."`
	Check       machineCheckCmd       `cmd:"" help:"Have a machine's hardware checked."`
	Checks      machineChecksCmd      `cmd:"" help:"List what checks found of a machine's hardware, or show one."`
	Unfence     machineUnfenceCmd     `cmd:"" help:"Take the fence from a machine whose erase failed."`
	Undo        machineUndoCmd        `cmd:"" help:"Take back what was just done to a machine."`
	Explain     bootExplainCmd        `cmd:"" help:"Explain what a machine would boot now, as boot explain does."`
	PassGate    machinePassCmd        `cmd:"" help:"Let a machine go on without the answer that it waits for."`
	AskGate     machineAskCmd         `cmd:"" help:"Ask a system outside again that refused, or did not answer in time."`
	Accept      machineAcceptCmd      `cmd:"" name:"accept-port" help:"Make the switch ports where a machine was seen those of the plan."`
	Recheck     machineRecheckCmd     `cmd:"" help:"Let the rules decide on a machine again."`
	Fields      machineFieldsCmd      `cmd:"" help:"List the words of selectors."`
}

// machineRef names one machine.
type machineRef struct {
	remote
	Ref string `arg:"" complete:"machine" help:"Hardware name, host name, MAC or id."`
}

func (m machineRef) path(verb string) string {
	return "/machines/" + url.PathEscape(m.Ref) + verb
}

type machinePowerCmd struct {
	machineRef
	Action string `arg:"" enum:"on,off,cycle" help:"on, off or cycle (off, then on)."`
	Name   string `help:"The machine's hardware name, typed, for off and cycle of one in use; asked for on a terminal."`
}

// Run switches the power and waits until the BMC shows it.
func (c *machinePowerCmd) Run(ctx context.Context, h *host) error {
	if c.Action != "on" && c.Name == "" && h.terminal() {
		if err := c.askName(ctx, h); err != nil {
			return err
		}
	}
	return c.order(ctx, h, "/power", api.PowerOrder{Action: c.Action, Name: c.Name}, "power "+c.Action+" is done")
}

// askName asks for the name of a machine that is in use.
func (c *machinePowerCmd) askName(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var m api.Machine
	if _, err := a.Get(ctx, c.path(""), nil, &m); err != nil || m.Status != string(machine.InUse) {
		return err
	}
	h.note("%s is in use; owner: %s", m.Name, orNobody(m.Owner))
	c.Name, err = h.ask(ctx, "Whatever runs on it stops. Type its hardware name: ")
	return err
}

type machineLightCmd struct {
	machineRef
	Action string `arg:"" enum:"on,off,blink" help:"on, off or blink."`
}

// Run sets the identify light and says what the BMC shows: not every light has
// two ways to be on.
func (c *machineLightCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var m api.Machine
	if _, err := a.Do(ctx, http.MethodPost, c.path("/light"), api.LightOrder{Action: c.Action}, &m); err != nil {
		return err
	}
	return h.say("%s: identify light is %s", c.Ref, m.Observed.Light)
}

type machineLockCmd struct {
	machinesRef
	Note string `required:"" help:"Why; people see it on the machine's page."`
}

// Run locks.
func (c *machineLockCmd) Run(ctx context.Context, h *host) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.many() {
		return c.change(ctx, h, formFlags{Output: "table"}, api.MachinesChange{Lock: &api.LockOrder{Note: c.Note}})
	}
	return c.order(ctx, h, "/lock", api.LockOrder{Note: c.Note}, "locked")
}

type machineUnlockCmd struct {
	machinesRef
	Note string `help:"Kept in the timeline."`
}

// Run unlocks.
func (c *machineUnlockCmd) Run(ctx context.Context, h *host) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.many() {
		return c.change(ctx, h, formFlags{Output: "table"}, api.MachinesChange{Unlock: &api.UnlockOrder{Note: c.Note}})
	}
	return c.order(ctx, h, "/unlock", api.UnlockOrder{Note: c.Note}, "unlocked")
}

type machineRecheckCmd struct{ machineRef }

// Run lets the rules decide again.
func (c *machineRecheckCmd) Run(ctx context.Context, h *host) error {
	return c.order(ctx, h, "/recheck", nil, "the rules decided again")
}

type machineAcceptCmd struct{ machineRef }

// Run accepts where a machine is cabled.
func (c *machineAcceptCmd) Run(ctx context.Context, h *host) error {
	return c.order(ctx, h, "/accept-port", nil, "the plan says where it is cabled now")
}

// order asks for something to be done and tells that it was.
func (m machineRef) order(ctx context.Context, h *host, verb string, body any, done string) error {
	a, err := m.open(h)
	if err != nil {
		return err
	}
	err = h.wait(ctx, m.Ref+": "+strings.TrimPrefix(verb, "/"), func(ctx context.Context) error {
		_, err := a.Do(ctx, http.MethodPost, m.path(verb), body, nil)
		return err
	})
	if err != nil {
		return err
	}
	return h.say("%s: %s", m.Ref, done)
}
