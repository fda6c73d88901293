package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

// action carries out one kind of order. What is to become of the machine is ""
// while the agent goes on; an error means that ctx ended.
type action struct {
	name string
	do   func(a *Agent, ctx context.Context, o report.Order) (r report.Result, end string, err error)
}

var actions = []action{
	{report.ActionInstall, (*Agent).install},
	{report.ActionErase, (*Agent).erase},
	{report.ActionBMC, (*Agent).control},
	{report.ActionCheck, (*Agent).check},
	{report.ActionReboot, (*Agent).leave},
	{report.ActionPowerOff, (*Agent).leave},
	{report.ActionReport, (*Agent).reportAgain},
}

// obey carries out one order and answers it. The appliance hears the result before
// the machine goes down: afterwards there is nobody left to say it.
func (a *Agent) obey(ctx context.Context, o report.Order) (string, error) {
	if o.Sentence != "" {
		a.view.Sentence = o.Sentence
		a.Screen.Show(a.view)
	}
	result, end, err := find(o.Action).do(a, ctx, o)
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return "", err
	}
	result.Order = o.ID
	taken, err := a.answer(ctx, result)
	if err != nil || !taken {
		return "", err
	}
	return end, nil
}

func find(name string) action {
	var known []string
	for _, act := range actions {
		if act.name == name {
			return act
		}
		known = append(known, act.name)
	}
	last := len(known) - 1
	why := fmt.Sprintf("action %q is unknown to this agent, which knows %s and %s: boot it from the boot image of this release",
		name, strings.Join(known[:last], ", "), known[last])
	return action{name, func(*Agent, context.Context, report.Order) (report.Result, string, error) {
		return report.Result{Error: why}, "", nil
	}}
}

func (a *Agent) leave(_ context.Context, o report.Order) (report.Result, string, error) {
	return report.Result{OK: true}, o.Action, nil
}

func (a *Agent) reportAgain(ctx context.Context, _ report.Order) (report.Result, string, error) {
	return report.Result{OK: true}, "", a.report(ctx, a.collect())
}

func (a *Agent) install(ctx context.Context, o report.Order) (report.Result, string, error) {
	var step string
	err := a.work(ctx, o, task{
		within: writing, done: "Installed; restarts into its system.", failed: "Not installed",
		do: func(ctx context.Context, progress func(report.Progress)) (at string, err error) {
			step, err = a.Installer.Install(ctx, o, progress)
			return step, err
		},
	})
	if err != nil {
		return report.Result{Step: step, Error: err.Error()}, "", nil
	}
	now := a.collect()
	a.partingReport(ctx, now)
	return report.Result{OK: true, Step: step, BootOrder: now.Boot.Order}, report.ActionReboot, nil
}

// partingReport tells what was learned since the last report by a machine that
// restarts now: its switch may have spoken while the image was written. It is tried
// once, for a second at most, and the install is none the worse for it.
func (a *Agent) partingReport(ctx context.Context, now report.Report) {
	if same(a.facts, now) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := a.Appliance.Report(ctx, now); err != nil {
		a.Log.Warn("what changed meanwhile was not told", "error", err)
		return
	}
	a.facts = now
}

// erase tells what the machine is now before it tells the result: whoever judges
// the machine by that has the facts then.
func (a *Agent) erase(ctx context.Context, o report.Order) (report.Result, string, error) {
	var r report.Result
	err := a.work(ctx, o, task{
		within: writing, done: "Erased; waits for what comes next.", failed: "Not erased",
		do: func(ctx context.Context, progress func(report.Progress)) (_ string, err error) {
			r.Erased, r.Step, err = a.Eraser.Erase(ctx, o, progress)
			return r.Step, err
		},
	})
	if ctx.Err() != nil {
		return r, "", ctx.Err()
	}
	if r.OK = err == nil; err != nil {
		r.Error = err.Error()
	}
	if len(r.Erased) == 0 {
		return r, "", nil // nothing was touched
	}
	said := a.view.Sentence
	if err := a.report(ctx, a.collect()); err != nil {
		return r, "", err
	}
	a.view.Sentence = said
	a.Screen.Show(a.view)
	return r, "", nil
}

// control changes the BMC alone: the machine goes on as it was, whatever comes of it.
func (a *Agent) control(ctx context.Context, o report.Order) (report.Result, string, error) {
	if a.Controller == nil {
		return report.Result{Error: "this agent has no way to the machine's BMC"}, "", nil
	}
	var step string
	err := a.work(ctx, o, task{
		within: writing, done: "Its BMC is set up; waits for what comes next.", failed: "Its BMC is not set up",
		do: func(ctx context.Context, progress func(report.Progress)) (_ string, err error) {
			step, err = a.Controller.Control(ctx, o, progress)
			return step, err
		},
	})
	if err != nil {
		return report.Result{Step: step, Error: err.Error()}, "", nil
	}
	return report.Result{OK: true, Step: step}, "", a.report(ctx, a.collect())
}

// check measures, and tells what was measured whatever it is. It may be ended by the
// appliance, for it leaves nothing half done.
func (a *Agent) check(ctx context.Context, o report.Order) (report.Result, string, error) {
	r := report.Result{Step: report.StepCheck}
	err := a.work(ctx, o, task{
		within: looking, done: "Checked; waits for what comes next.", failed: "Not checked", ends: true,
		do: func(ctx context.Context, progress func(report.Progress)) (_ string, err error) {
			if r.Measured, err = a.Checker.Check(ctx, o, progress); err != nil {
				err = cmp.Or(context.Cause(ctx), err)
			}
			return report.StepCheck, err
		},
	})
	if r.OK = err == nil; err != nil {
		r.Error = err.Error()
	}
	return r, "", ctx.Err()
}

// errEnded says that the appliance refused to hear more of a check.
var errEnded = errors.New("the appliance ended the check")

// task is what takes long, and may write to disks.
type task struct {
	do           func(ctx context.Context, progress func(report.Progress)) (step string, err error)
	within       time.Duration // the longest between two words of it
	done, failed string        // what to say of its end
	ends         bool          // by a word of it that conflicts with what the appliance wants now
}

// work does a task, and tells how it gets on.
func (a *Agent) work(ctx context.Context, o report.Order, w task) error {
	bounded, end := context.WithCancelCause(ctx)
	defer end(nil)
	t := newTeller(a.Appliance, func(err error) {
		if w.ends && appliance.Conflicts(err) {
			end(errEnded)
		}
	})
	a.alive(w.within)
	step, err := w.do(bounded, func(p report.Progress) {
		p.Order = o.ID
		a.alive(w.within)
		if p.Total > 0 {
			a.Screen.Progress(p.Step+"  "+p.Message, p.Done, p.Total)
		}
		t.tell(p)
	})
	a.alive(turn)
	if err != nil {
		a.Log.Error(w.failed, "step", step, "error", err)
		a.view.Sentence = fmt.Sprintf("%s: %v.", w.failed, err)
	} else {
		a.Log.Info(w.done)
		a.view.Sentence = w.done
	}
	a.Screen.Show(a.view)
	t.tell(report.Progress{Order: o.ID, Step: step})
	t.end(ctx)
	return err
}

// answer sends a result until the appliance takes it. One that it refuses is
// not asked about again: the order is no longer ours, and neither is what it
// wanted of the machine.
func (a *Agent) answer(ctx context.Context, r report.Result) (taken bool, err error) {
	err = a.insist(ctx, func() error {
		err := a.Appliance.Result(ctx, r)
		if appliance.Refused(err) && !appliance.Unknown(err) {
			a.Log.Error("result not taken", "order", r.Order, "error", err)
			return nil
		}
		taken = err == nil
		return err
	})
	return taken, err
}

// same says whether two reports state the same facts of the machine, whenever
// and however long they were collected.
func same(a, b report.Report) bool {
	a.Boot.Uptime, b.Boot.Uptime = 0, 0
	a.Collected, b.Collected = 0, 0
	return reflect.DeepEqual(a, b)
}
