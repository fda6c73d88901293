package agent

import (
	"context"
	"fmt"
	"reflect"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

// obey carries out one order and answers it. What is to become of the machine
// is "" while the agent goes on. The appliance hears the result before the
// machine goes down: afterwards there is nobody left to say it.
func (a *Agent) obey(ctx context.Context, o report.Order) (string, error) {
	if o.Sentence != "" {
		a.view.Sentence = o.Sentence
		a.Screen.Show(a.view)
	}
	result := report.Result{Order: o.ID, OK: true}
	end := ""
	switch o.Action {
	case report.ActionReport:
		if err := a.report(ctx, a.collect()); err != nil {
			return "", err
		}
	case report.ActionReboot, report.ActionPowerOff:
		end = o.Action
	case report.ActionInstall:
		result = a.install(ctx, o)
		if result.OK {
			end = report.ActionReboot
		}
	default:
		result = report.Result{Order: o.ID, Error: fmt.Sprintf(
			"action %q is unknown to this agent, which knows install, reboot, poweroff and report: boot it from the boot image of this release",
			o.Action)}
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	taken, err := a.answer(ctx, result)
	if err != nil || !taken {
		return "", err
	}
	return end, nil
}

func (a *Agent) install(ctx context.Context, o report.Order) report.Result {
	t := newTeller(a.Appliance)
	a.alive(writing)
	step, err := a.Installer.Install(ctx, o, func(p report.Progress) {
		p.Order = o.ID
		a.alive(writing)
		if p.Total > 0 {
			a.Screen.Progress(p.Step+"  "+p.Message, p.Done, p.Total)
		}
		p.Console = a.Screen.Take()
		t.tell(p)
	})
	a.alive(turn)
	if err != nil {
		a.Log.Error("not installed", "step", step, "error", err)
		a.view.Sentence = fmt.Sprintf("Not installed: %v.", err)
	} else {
		a.Log.Info("installed")
		a.view.Sentence = "Installed; restarts into its system."
	}
	a.Screen.Show(a.view)
	t.tell(report.Progress{Order: o.ID, Step: step, Console: a.Screen.Take()})
	t.end(ctx)
	if err != nil {
		return report.Result{Order: o.ID, Step: step, Error: err.Error()}
	}
	return report.Result{Order: o.ID, OK: true, Step: step, BootOrder: a.collect().Boot.Order}
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
