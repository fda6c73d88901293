package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

// Names of its steps. They stand in job rows: they never change.
const (
	stepSetUser    = "set-user"
	stepProveUser  = "prove-user"
	stepRetireUser = "retire-user"
)

// bmcAction makes a user on the machine's BMC, logs in with it, and has the one of
// before disabled only then. Cut off anywhere, the user of before works still, or
// the new one does, whose password was kept before the agent heard of it.
func bmcAction() action {
	agent := func(l Limits) time.Duration { return l.Agent }
	return action{
		steps: []step{
			{name: stepSetUser, limit: agent, check: checkSetUser},
			{name: stepProveUser, limit: func(Limits) time.Duration { return proveLimit }, check: checkProven, finish: retireNext},
			{name: stepRetireUser, limit: agent, check: checkRetired},
		},
		writes: stepSetUser,
		says:   func(*machine.Machine, *machine.Job) string { return "makes a user on its BMC" },
		sent: func(_ *machine.Machine, j *machine.Job) string {
			return fmt.Sprintf("Order to make user %s on its BMC sent", j.Params["user"])
		},
		secret: trust.BMCPassword, may: boot.MayControl, plan: planBMC, result: bmcResult,
		touched:   func(*machine.Machine, *machine.Job) bool { return false },
		restarted: userSet, // nobody knows how far it came; a log-in tells
	}
}

// planBMC gives the user with its password.
func planBMC(e *Engine, w *serverdb.Write, m *machine.Machine, j *machine.Job) (any, error) {
	sealed, err := w.PendingCredential(m.ID)
	if err != nil {
		return nil, err
	}
	user, password, err := e.Logins.Unseal(m.ID, sealed)
	if err != nil {
		return nil, err
	}
	if user != j.Params["user"] {
		return nil, fmt.Errorf("machine %s: user %s waits to be set, and the job is for %s: cancel it: %w", m.Name, user, j.Params["user"], boot.ErrRefused)
	}
	return &report.BMCPlan{User: user, Password: string(password), Network: networkOf(j.Params)}, w.Event(journal.Event{
		Machine: m.ID, Source: journal.Agent, Job: j.ID, Text: "Redeemed the token; plan accepted: make user " + user + " on its BMC",
	})
}

// bmcResult takes what the agent says of its order.
func bmcResult(ctx context.Context, r *run, res report.Result) error {
	r.DB.Observe(r.machine.ID, func(o *machine.Observed) { o.Waits, o.Progress = "", 0 })
	if !res.OK && res.Step == report.StepRedeem && r.job.Attempt < r.Limits.Attempts {
		return r.unlessFinal(ctx, r.orderAnew(ctx, stopped(res)))
	}
	if !res.OK {
		return r.unlessFinal(ctx, r.fail(ctx, errors.New(stopped(res))))
	}
	if cur := r.job.Current(); cur != nil && cur.Name == stepSetUser && r.job.Token.RedeemedAt.IsZero() {
		return neverRedeemed(res)
	}
	return r.unlessFinal(ctx, userSet(ctx, r))
}

// orderAnew makes the next poll of the agent get a new order: it never had the plan.
func (r *run) orderAnew(ctx context.Context, why string) error {
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error {
		j.Attempt++
		j.Token = machine.Token{}
		return r.event(w, "The agent gets another order: "+why)
	})
}

// userSet marks the order as carried out.
func userSet(ctx context.Context, r *run) error {
	return r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		j.Token.WrittenAt = r.Now()
		return nil
	})
}

// checkSetUser waits for the agent. One that fell silent after it held the plan may
// have done all of it: a log-in tells.
func checkSetUser(_ context.Context, r *run) (state, string, error) {
	t := r.job.Token
	switch {
	case !t.WrittenAt.IsZero():
		return done, "user " + r.job.Params["user"] + " set", nil
	case t.RedeemedAt.IsZero():
		return pending, "waits for the agent to take the order", nil
	case r.Now().Sub(later(t.RedeemedAt, r.began)) > setSilence:
		return done, "the agent did not say what became of it", nil
	}
	return pending, "", nil
}

// setSilence is far above what the slowest BMC takes for all of it.
const setSilence = 3 * time.Minute

// retireNext makes the order that disables the old user.
func retireNext(context.Context, *run) (func(*serverdb.Write, *machine.Job) error, error) {
	return func(_ *serverdb.Write, j *machine.Job) error {
		j.Token = machine.Token{Order: j.ID + "/" + stepRetireUser}
		return nil
	}, nil
}

func checkRetired(_ context.Context, r *run) (state, string, error) {
	switch old := r.job.Params["old"]; {
	case old == "":
		return skipped, "there was no user of ours before", nil
	case !r.job.Token.WrittenAt.IsZero():
		return done, "user " + old + " disabled", nil
	}
	return pending, "waits for the agent to disable the old user", nil
}
