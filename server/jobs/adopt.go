package jobs

import (
	"context"
	"errors"
	"fmt"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// adopt makes the jobs of machines that a rule has checked, or allocated with an
// image. It looks at the truth rather than at an event, so that a crash between the
// two loses nothing.
func (e *Engine) adopt(ctx context.Context) {
	for _, m := range e.DB.Machines() {
		if m.Status == machine.Registered && m.CheckFor > 0 {
			e.checkUnlessOpen(ctx, m)
		}
		if m.Status != machine.Allocated || m.Image == "" || m.Flags.Locked {
			continue
		}
		if _, open := e.DB.OpenJob(m.ID); open || e.triedSince(m) {
			continue
		}
		rule := "rule " + m.Rule
		_, err := e.Install(ctx, Request{Machine: m, Image: m.Image, Target: "hardwarename=" + m.Name, Requester: rule, User: rule})
		if err != nil {
			e.unadopted(ctx, m, err)
		}
	}
}

// unadopted marks a machine whose install cannot start. What may pass, a
// person who was faster or a disk that is full, is left to the next turn.
func (e *Engine) unadopted(ctx context.Context, m *machine.Machine, cause error) {
	var busy *serverdb.BusyError
	var refused *RefusedError
	switch {
	case errors.As(cause, &busy), ctx.Err() != nil:
		return
	case errors.As(cause, &refused), errors.Is(cause, machine.ErrNotFound):
		e.refuse(ctx, m, cause)
	default:
		e.Log.ErrorContext(ctx, "install by rule", "machine", m.Name, "error", cause)
	}
}

// refuse says on the machine's page why its install cannot start.
func (e *Engine) refuse(ctx context.Context, m *machine.Machine, cause error) {
	err := e.DB.Transition(ctx, serverdb.Change{
		Machine: m.ID, From: machine.Allocated, To: machine.Broken, Who: "jobs", Why: "install-not-started",
		Sentence: fmt.Sprintf("its install cannot start: %v", cause),
	})
	if err != nil {
		e.Log.ErrorContext(ctx, "mark machine", "machine", m.Name, "error", err)
	}
}

// triedSince tells whether a job was made for this allocation already.
func (e *Engine) triedSince(m *machine.Machine) bool {
	return len(e.DB.Jobs(func(j *machine.Job) bool { return j.Machine == m.ID && !j.CreatedAt.Before(m.Since) })) > 0
}
