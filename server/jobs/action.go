package jobs

import (
	"context"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

// action is all that the engine knows of one: its steps, what its agent is told,
// and what becomes of the machine. Nothing else asks which action a job has.
type action struct {
	steps  []step
	writes string         // the step in which the agent holds the plan
	during machine.Status // of the machine, as long as disks are written; Unknown: none are
	doing  string         // what was going on, should the machine restart
	rest   string         // what cannot be left behind
	// Reasons of a machine whose job ended badly, and its status then; Unknown: its
	// status is not the job's business.
	failed, cancelled string
	ends              machine.Status
	// says is the order on the machine's console, sent what the timeline has of it.
	says, sent func(*machine.Machine, *machine.Job) string
	// order is what the agent is told where that needs no token, because nothing is
	// written; else says goes with one.
	order  func(*machine.Machine, *machine.Job) *report.Order
	secret trust.Secret // that its plan is
	// may judges a redemption; nil: boot.MayWrite.
	may func(m *machine.Machine, j *machine.Job, order, tokenHash string, now time.Time) error
	// plan gives what the agent is to do, in the transaction that redeems its token.
	plan func(*Engine, *serverdb.Write, *machine.Machine, *machine.Job) (any, error)
	// result takes what the agent says of it.
	result func(context.Context, *run, report.Result) error
	// touched tells whether an agent ever held the plan: then a disk may be half
	// written.
	touched func(*machine.Machine, *machine.Job) bool
	// restarted goes on where the agent that held the plan began a new life; nil: the
	// way begins anew.
	restarted func(context.Context, *run) error
}

// actionOf gives an action; the zero one is that of no job of this version.
func actionOf(a machine.Action) action {
	switch a {
	case machine.ActionInstall:
		return installAction()
	case machine.ActionErase:
		return eraseAction()
	case machine.ActionBMC:
		return bmcAction()
	case machine.ActionCheck:
		return checkAction()
	default:
		return action{failed: string(a) + "-failed", ends: machine.Broken, touched: func(*machine.Machine, *machine.Job) bool { return true }}
	}
}

// waitingSteps are the steps of a new job.
func waitingSteps(a machine.Action) (all []machine.Step) {
	for _, s := range actionOf(a).steps {
		all = append(all, machine.Step{Name: s.name, Status: machine.StepWaiting})
	}
	return all
}
