// Package agent is what runs on a machine that has no system yet, or whose
// system is in question: it collects what the machine is, reports it, and obeys
// orders until one of them ends its run.
//
// It promises never to write to a disk without an order that carries a token,
// never to give up on an appliance that does not answer, and to say on the
// console at every moment what it is waiting for. It knows neither PID 1 nor
// the kernel: agent/pid1 gives it a real machine, tests and simulators a made
// one. It imports the packages below it, and never anything of the server.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/console"
	"firstlight/agent/logbook"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// Appliance is what the agent asks of the appliance.
type Appliance interface {
	Report(ctx context.Context, r report.Report) (report.Welcome, error)
	Order(ctx context.Context, seen string) (*report.Order, error)
	Progress(ctx context.Context, p report.Progress) error
	Result(ctx context.Context, r report.Result) error
	Log(ctx context.Context, l report.Log) error
}

// Installer carries out an order to install. The step where it stopped comes
// with an error. It calls progress as often as it likes, from one goroutine.
type Installer interface {
	Install(ctx context.Context, order report.Order, progress func(report.Progress)) (step string, err error)
}

// Eraser carries out an order to erase: what became of each disk, of which there is
// none where nothing was touched, and the step that comes with an error. It calls
// progress from one goroutine at a time.
type Eraser interface {
	Erase(ctx context.Context, order report.Order, progress func(report.Progress)) (erased []report.Erased, step string, err error)
}

// Checker carries out an order to check: what was measured, also where it comes with
// an error. It calls progress from one goroutine at a time.
type Checker interface {
	Check(ctx context.Context, order report.Order, progress func(report.Progress)) ([]report.Measured, error)
}

// Controller carries out an order about the BMC. The step where it stopped comes
// with an error.
type Controller interface {
	Control(ctx context.Context, order report.Order, progress func(report.Progress)) (step string, err error)
}

// Screen is the console before the machine.
type Screen interface {
	Show(v console.View)
	Progress(label string, done, total int64)
}

// Agent is one run of the agent. All fields but Controller, Changed and Alive are
// required.
type Agent struct {
	Appliance  Appliance
	Installer  Installer
	Eraser     Eraser
	Checker    Checker
	Controller Controller // nil: it has no way to a BMC
	Collect    func() report.Report
	Changed    <-chan struct{} // the machine's devices may have changed
	Screen     Screen
	Log        *slog.Logger
	Book       *logbook.Book // what Log says, for the appliance
	Name       string        // what to call the machine until the appliance says it
	// Alive hears that the run goes on, and within what time it is heard again.
	Alive func(within time.Duration)

	view    console.View
	facts   report.Report
	refused int // in a row
}

// maxRefusals is how often in a row the appliance may say that it does not know
// our session. Its database may be an older one than ours, or the machine was
// deleted: only a new boot gets a new session, and with it a new decision. At
// the longest pause between attempts this is about two minutes, so that a
// machine that is refused for good does not boot more often than it must.
const maxRefusals = 25

var errStranger = errors.New("the appliance does not know this session any more")

// Run reports and obeys until an order ends the run, and returns what is to
// become of the machine then: report.ActionReboot or report.ActionPowerOff.
// An error means that ctx ended.
func (a *Agent) Run(ctx context.Context) (string, error) {
	a.view = console.View{Name: a.Name, Sentence: "Tells the appliance what this machine is."}
	a.Screen.Show(a.view)
	err := a.report(ctx, a.collect())
	stop := a.tellLog(ctx)
	defer stop()
	for seen := ""; err == nil; {
		var o *report.Order
		if o, err = a.wait(ctx, seen); err != nil {
			break
		}
		a.Log.Info("order", "id", o.ID, "action", o.Action)
		seen = o.ID
		var end string
		if end, err = a.obey(ctx, *o); end != "" {
			return end, nil
		}
	}
	if errors.Is(err, errStranger) {
		a.Log.Error("boots again", "reason", err)
		a.say("The appliance does not know this boot any more; boots again.")
		return report.ActionReboot, nil
	}
	return "", err
}

// tellLog tells the appliance of the log from now on, which knows the machine now.
// The last of it is told when the run ends, for as long as parting.
func (a *Agent) tellLog(ctx context.Context) (stop func()) {
	sending, cancel := context.WithCancel(ctx)
	go a.Book.Send(sending, a.Appliance.Log)
	return func() {
		cancel()
		last, done := context.WithTimeout(ctx, parting)
		defer done()
		a.Book.Flush(last, a.Appliance.Log)
	}
}

// report tells the appliance what the machine is, until it takes it.
func (a *Agent) report(ctx context.Context, r report.Report) error {
	a.facts = r
	return a.insist(ctx, func() error {
		w, err := a.Appliance.Report(ctx, r)
		if err != nil {
			return err
		}
		a.Log.Info("reported", "name", w.Name, "status", w.Status, "disks", len(r.Disks), "nics", len(r.NICs))
		a.view = console.View{Name: w.Name, Sentence: w.Sentence, Page: w.Page}
		a.Screen.Show(a.view)
		return nil
	})
}

// wait polls for an order. When the machine's devices changed meanwhile and
// its facts with them, the appliance is told first.
func (a *Agent) wait(ctx context.Context, seen string) (*report.Order, error) {
	for {
		o, err := a.poll(ctx, seen)
		if o != nil || err != nil {
			return o, err
		}
		if r := a.collect(); !same(a.facts, r) {
			a.Log.Info("facts changed")
			if err := a.report(ctx, r); err != nil {
				return nil, err
			}
		}
	}
}

// poll waits for an order until one comes, or returns nil for a change.
func (a *Agent) poll(ctx context.Context, seen string) (*report.Order, error) {
	polling, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		order *report.Order
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		var o *report.Order
		err := a.insist(polling, func() (err error) {
			for o == nil && err == nil {
				a.alive(turn)
				o, err = a.Appliance.Order(polling, seen)
				if err == nil {
					a.answered()
				}
			}
			return err
		})
		answers <- answer{o, err}
	}()
	select {
	case got := <-answers:
		return got.order, got.err
	case <-a.Changed:
		cancel()
		if got := <-answers; got.order != nil { // it came at the same moment
			return got.order, nil
		}
		return nil, ctx.Err()
	}
}

// insist calls do until it succeeds, with growing pauses and a word on the
// console. It gives up when ctx ends or the session is refused for good.
func (a *Agent) insist(ctx context.Context, do func() error) error {
	var since time.Time // of the first failure
	for pauses := (patience.Pauses{}); ; {
		a.alive(turn)
		err := do()
		if err == nil {
			a.answered()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if since.IsZero() {
			a.Log.Warn("no answer from the appliance", "error", err)
			since = time.Now()
		}
		switch {
		case appliance.Unknown(err):
			if a.refused++; a.refused >= maxRefusals {
				return errStranger
			}
			fallthrough
		case appliance.Refused(err):
			a.say(fmt.Sprintf("%v; tries again.", err))
		default:
			a.say(fmt.Sprintf("The appliance does not answer since %s; tries again.", since.UTC().Format("15:04:05")))
		}
		if err := pauses.Rest(ctx); err != nil {
			return err
		}
	}
}

// answered puts the machine's own sentence back.
func (a *Agent) answered() {
	a.refused = 0
	a.Screen.Show(a.view)
}

// say shows a sentence in place of the machine's own.
func (a *Agent) say(sentence string) {
	v := a.view
	v.Sentence = sentence
	a.Screen.Show(v)
}
