package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Reported notes that a machine's agent began a new life. One that was in the
// middle of writing has to begin anew.
func (e *Engine) Reported(ctx context.Context, m *machine.Machine, bootID string) error {
	e.agents.heard(m.ID, bootID, e.Now())
	j, ok := e.DB.OpenJob(m.ID)
	if !ok || !redeemed(j) || j.Token.Boot == bootID {
		return nil
	}
	r := &run{e, j, m}
	if on := actionOf(j.Action).restarted; on != nil {
		return r.unlessFinal(ctx, on(ctx, r))
	}
	return r.unlessFinal(ctx, r.again(ctx, "the machine restarted while "+actionOf(j.Action).doing))
}

func redeemed(j *machine.Job) bool {
	cur := j.Current()
	return cur != nil && cur.Name == actionOf(j.Action).writes && !j.Token.RedeemedAt.IsZero() && j.Token.WrittenAt.IsZero()
}

// unlessFinal fails the job on an error that ends it. A job that moved on needs
// no telling.
func (r *run) unlessFinal(ctx context.Context, err error) error {
	if errors.Is(err, errFinal) {
		err = r.fail(ctx, err)
	}
	if errors.Is(err, errMoved) {
		return nil
	}
	return err
}

// Progress notes how an order is getting on. It is shown, not kept, but for
// the beginning of each step. Its error tells the agent to end what it does for an
// order that is void by now, where that leaves nothing half done.
func (e *Engine) Progress(m *machine.Machine, p report.Progress) error {
	j, ok := e.DB.OpenJob(m.ID)
	if !ok || j.Token.Order != p.Order {
		if p.Step == report.StepCheck {
			return fmt.Errorf("order %s is void", p.Order)
		}
		return nil
	}
	text := waits(p)
	e.DB.Observe(m.ID, func(o *machine.Observed) {
		o.Waits, o.CallAt, o.Progress = text, e.Now(), fraction(p)
	})
	if slices.Contains(agentSteps, p.Step) && e.agents.first(m.ID, p.Order+" "+p.Step) {
		e.DB.Note(journal.Event{Machine: m.ID, Source: journal.Agent, Job: j.ID, Text: stepWords(p.Step)})
	}
	return nil
}

func fraction(p report.Progress) float64 {
	if p.Total <= 0 || p.Done < 0 {
		return 0
	}
	return min(1, float64(p.Done)/float64(p.Total))
}

// maxSays bounds what an agent says beside its step: which disk it is at.
const maxSays = 120

func waits(p report.Progress) string {
	says := discovery.Clean(p.Message)
	if p.Step != report.StepErase && p.Step != report.StepReadBack && p.Step != report.StepCheck || says == "" {
		return amount(p)
	}
	if len(says) > maxSays {
		says = strings.ToValidUTF8(says[:maxSays], "") + " …"
	}
	return amount(p) + " (" + says + ")"
}

// amount says what a step does, and how far it is.
func amount(p report.Progress) string {
	if p.Total > 0 && p.Done >= 0 && p.Step == report.StepCheck {
		return fmt.Sprintf("%s: %s of %s", stepWords(p.Step), seconds(min(p.Done, p.Total)), seconds(p.Total))
	}
	if p.Total > 0 && p.Done >= 0 {
		return fmt.Sprintf("%s: %s of %s", stepWords(p.Step), discovery.Bytes(uint64(p.Done)), discovery.Bytes(uint64(p.Total))) //nolint:gosec // both are positive
	}
	return stepWords(p.Step)
}

func seconds(n int64) string { return machine.Span(time.Duration(min(n, 1<<30)) * time.Second) }

// agentSteps are those that get a row in the timeline.
var agentSteps = []string{report.StepRedeem, report.StepWrite, report.StepVerify, report.StepGrow, report.StepSeed, report.StepBoot, report.StepErase, report.StepReadBack, report.StepBMC, report.StepCheck}

// stepWords says what an agent's step does.
func stepWords(step string) string {
	switch step {
	case report.StepRedeem:
		return "Asks for the plan"
	case report.StepWrite:
		return "Writes the image"
	case report.StepVerify:
		return "Image hashed; verifies the disk"
	case report.StepGrow:
		return "Grows the last partition"
	case report.StepSeed:
		return "Writes host name and network"
	case report.StepBoot:
		return "Sets the boot order"
	case report.StepErase:
		return "Erases the disks"
	case report.StepReadBack:
		return "Reads back what was erased"
	case report.StepBMC:
		return "Sets up its BMC"
	case report.StepCheck:
		return "Checks the hardware"
	default:
		return fmt.Sprintf("Works on step %.40q", step)
	}
}

// Result ends an order.
func (e *Engine) Result(ctx context.Context, m *machine.Machine, res report.Result) error {
	j, ok := e.DB.OpenJob(m.ID)
	if !ok || j.Token.Order != res.Order {
		return nil // of an order that is void, or a reboot: nothing hangs on it
	}
	if !j.Token.WrittenAt.IsZero() {
		return nil // it said so before, and did not hear our answer
	}
	return actionOf(j.Action).result(ctx, &run{e, j, m}, res)
}

// stopped says where an agent stopped, and why.
func stopped(res report.Result) string {
	return clip(fmt.Sprintf("%s: %s", strings.ToLower(stepWords(res.Step)), res.Error))
}

// neverRedeemed refuses a result of an order whose plan nobody was given.
func neverRedeemed(res report.Result) error {
	return fmt.Errorf("result of order %s, which was never redeemed: %w", res.Order, boot.ErrRefused)
}

// installed takes the result of an install: a written image moves the machine
// on, in the transaction that marks the token as used up; a failure spends an
// attempt.
func installed(ctx context.Context, r *run, res report.Result) error {
	e, m, j := r.Engine, r.machine, r.job
	if !res.OK {
		return r.unlessFinal(ctx, r.again(ctx, stopped(res)))
	}
	if j.Token.RedeemedAt.IsZero() {
		return neverRedeemed(res)
	}
	if err := r.change(ctx, func(w *serverdb.Write, j *machine.Job) error { return written(w, j, e) }); err != nil {
		return r.unlessFinal(ctx, err)
	}
	order := discovery.BootOrder(res.BootOrder)
	if order != "" {
		e.DB.Note(journal.Event{Machine: m.ID, Source: journal.Agent, Job: j.ID, Text: "Boot order set, and read back as: " + order})
	}
	e.DB.Observe(m.ID, func(o *machine.Observed) {
		o.BootOrder = cmp.Or(order, o.BootOrder)
		o.Waits, o.Progress = "Boots the installed system; waits for its first call", 0
	})
	return nil
}

func written(w *serverdb.Write, j *machine.Job, e *Engine) error {
	m, err := w.Machine(j.Machine)
	if err != nil || !j.Token.WrittenAt.IsZero() {
		return err
	}
	j.Token.WrittenAt = e.Now()
	return w.Transition(m, serverdb.Change{
		From: machine.Installing, To: machine.Configuring, Who: whoAgent, Why: "image written", Job: j.ID,
		Evidence: machine.Evidence{
			machine.GuardJob:      "job " + j.ID,
			machine.GuardToken:    "redeemed " + j.Token.RedeemedAt.UTC().Format("15:04:05"),
			machine.GuardChecksum: "sha256 " + j.Params["sha256"],
		},
	})
}

const whoAgent = "agent"
