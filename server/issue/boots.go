package issue

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// Times after which what should have happened counts as missing.
const (
	loaderWithin = 2 * time.Minute // a boot loader is fetched within seconds of the DHCP exchange
	agentWithin  = 5 * time.Minute // the agent reports within a minute of its kernel
	silentAfter  = 5 * time.Minute // an agent asks for orders every minute
	powerSettles = 5 * time.Minute
	stolenFor    = 24 * time.Hour
	wellAfter    = time.Hour // an agent that goes on for so long after a crash
)

// crashes is how many boots without progress are a loop.
const crashes = 3

func noBootFile(in *Input) *Finding {
	if f := in.diagnosed(NoBootFile); f != nil {
		return f
	}
	o := in.Machine.Observed
	if !in.past(o.LoaderFrom, loaderWithin) || in.heard().After(o.BootAt) || in.is(machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Its firmware gets an address since %s and does not fetch the boot loader that it is offered.", clock(o.LoaderFrom)),
		"asks since", clock(o.LoaderFrom), "stage", o.BootStage, "interface", in.Machine.BootMAC().String())
}

func noCallback(in *Input) *Finding {
	if f := in.diagnosed(NoCallback); f != nil {
		return f
	}
	if in.is(machine.Retired) || !calledOff(in) {
		return nil
	}
	o := in.Machine.Observed
	return found(fmt.Sprintf("It fetched the agent at %s, and the agent never reported.", clock(o.BootAt)),
		"agent given", clock(o.BootAt), "last word before", clock(in.heard()))
}

// calledOff tells whether an agent was given that never spoke.
func calledOff(in *Input) bool {
	o := in.Machine.Observed
	return o.BootAnswer == string(boot.Agent) && o.BootStage == string(boot.StageIPXE) &&
		in.past(latest(o.BootAt, in.Began), agentWithin) && !in.heard().After(o.BootAt) && !in.Machine.ReportedAt.After(o.BootAt)
}

func silent(in *Input) *Finding {
	m := in.Machine
	// An open job has deadlines of its own, and takes the agent away.
	if in.Job != nil || !in.is(machine.Registered, machine.Held, machine.Available, machine.Allocated, machine.Recycling, machine.Retiring) {
		return nil
	}
	heard := latest(in.heard(), m.ReportedAt)
	if heard.IsZero() || m.Observed.BootAt.After(heard) || !in.past(latest(heard, in.Began), silentAfter) {
		return nil
	}
	text := fmt.Sprintf("Its agent was last heard at %s.", clock(heard))
	if m.Observed.Power == "off" {
		text = fmt.Sprintf("It is off; its agent was last heard at %s.", clock(heard))
	}
	return found(text, "last heard", clock(heard), "power", m.Observed.Power, "power read", clock(m.Observed.PowerAt))
}

// agentCrashed ends when a word of the agent comes that is wellAfter the crash,
// which may have been minutes into what it did, and was not another.
func agentCrashed(in *Input) *Finding {
	c, o := in.Machine.Observed.Crash, in.Machine.Observed
	if c.At.IsZero() || in.heard().Sub(c.At) >= wellAfter || o.HomeAt.After(c.At) || in.is(machine.Retired) {
		return nil
	}
	text := "Its agent crashed and was started again: "
	if c.Life > 1 {
		text = fmt.Sprintf("Its agent crashed %d times on one boot and was started again; the last time: ", c.Life)
	}
	return found(text+cmp.Or(c.Cause, c.End), "told at", clock(c.At), "end", c.End, "agent", c.Agent, "crashes on this boot", fmt.Sprint(c.Life))
}

// stolenToken stays for a day at least: a machine that was robbed boots anew by
// itself within minutes, which proves nothing about the wire.
func stolenToken(in *Input) *Finding {
	c, p := in.Machine.Observed.Contest, in.Machine.Observed.Proof
	if c.At.IsZero() || in.past(c.At, stolenFor) && p.At.After(c.At) || in.is(machine.Retired) {
		return nil
	}
	return found(upper(c.How)+".", "seen at", clock(c.At), "from", c.From, "its key", c.Key, "key of this boot", p.Key, "enrolled at", clock(p.At))
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func crashLoop(in *Input) *Finding {
	o := in.Machine.Observed
	if _, transient := in.Machine.Status.Transient(); !transient || o.Boots < crashes || o.BootsFrom.Before(in.Machine.Since) {
		return nil
	}
	if in.Job != nil && in.Job.Current() != nil && in.Job.Current().StartedAt.After(o.BootsFrom) {
		return nil // the job got on since
	}
	return found(fmt.Sprintf("It booted %d times since %s and got no further.", o.Boots, clock(o.BootsFrom)),
		"boots", fmt.Sprint(o.Boots), "since", clock(o.BootsFrom), "last", clock(o.BootAt), "status", in.Machine.Status.Human())
}

// settles is how long the end of an overdue status may take by itself.
const settles = 2 * time.Minute

func stuck(in *Input) *Finding {
	m := in.Machine
	limit, transient := m.Status.Transient()
	checked := in.Job != nil && in.Job.Action == machine.ActionCheck                    // which may take days, and ends by itself
	if !transient || !in.past(m.Since, limit+settles) || checked || len(in.Waits) > 0 { // a gate has a deadline and an issue of its own
		return nil
	}
	text := fmt.Sprintf("It is %s since %s; %s should move it on within %s.", m.Status.Human(), clock(m.Since), m.Status.Owner(), span(limit))
	step := ""
	if in.Job != nil && in.Job.Current() != nil {
		step = in.Job.Current().Name
		text += fmt.Sprintf(" Its job is at %q.", step)
	}
	return found(text, "since", clock(m.Since), "step", step)
}

func gateClosed(in *Input) *Finding {
	for _, w := range in.Waits {
		switch w.State() {
		case machine.WaitRefused:
			return found(fmt.Sprintf("%s was refused: %s", w.Title, w.Refused),
				"gate", w.Gate, "change", w.From.Human()+" → "+w.To.Human(), "asked", clock(w.Since), "answer", w.Refused)
		case machine.WaitLate:
			text := fmt.Sprintf("%s: no answer within %s.", w.Title, span(w.Deadline.Sub(w.Since)))
			if w.TakenAt.IsZero() {
				text += fmt.Sprintf(" The request never arrived, after %d attempts.", w.Sent)
			}
			return found(text, "gate", w.Gate, "change", w.From.Human()+" → "+w.To.Human(), "asked", clock(w.Since),
				"deadline", clock(w.Deadline), "request taken", clock(w.TakenAt), "last error", w.Error)
		default: // it is waited for, or is through
		}
	}
	return nil
}

func lastEventError(in *Input) *Finding {
	j := in.Last
	if j == nil || in.Job != nil || j.Status != machine.JobFailed || j.EndedAt.Before(in.Machine.Since) || in.is(machine.Held, machine.Broken, machine.Repairing, machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Its last job (%s) failed: %s", j.Action, j.Result),
		"job", j.ID, "result", j.Result, "ended", clock(j.EndedAt))
}

func failedReclaim(in *Input) *Finding {
	m := in.Machine
	if !in.is(machine.Available, machine.Recycling, machine.Registered, machine.Retiring) {
		return nil
	}
	switch {
	case m.Observed.HomeAt.After(m.Since):
		return found(fmt.Sprintf("It is %s, but its old system called home at %s.", m.Status.Human(), clock(m.Observed.HomeAt)),
			m.Status.Human()+" since", clock(m.Since), "called home", clock(m.Observed.HomeAt))
	case in.System.Name != "" && in.System.At.After(m.Since):
		return found(fmt.Sprintf("It is %s, but a system that calls itself %s asked for its address at %s.", m.Status.Human(), in.System.Name, clock(in.System.At)),
			m.Status.Human()+" since", clock(m.Since), "system", in.System.Name, "seen", clock(in.System.At))
	default:
		return nil
	}
}
