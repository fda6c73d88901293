package api

import (
	"context"

	"firstlight/server/auth"
)

// order of a person or program to one machine.
type machineOrderInput[T any] struct {
	MachineRef
	Body T
}

// done carries out a verb and answers with the machine as it is then.
func (a *API) done(ctx context.Context, ref string, act func(who auth.User) error) (Machine, error) {
	who, _ := auth.From(ctx)
	if _, err := a.DB.Machine(ref); err != nil {
		return Machine{}, err
	}
	if err := act(who); err != nil {
		return Machine{}, err
	}
	return a.machine(ctx, &MachineRef{ref})
}

func (a *API) power(ctx context.Context, in *machineOrderInput[PowerOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Power(ctx, who, in.Ref, in.Body.Action, in.Body.Name) })
}

func (a *API) light(ctx context.Context, in *machineOrderInput[LightOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Light(ctx, who, in.Ref, in.Body.Action) })
}

func (a *API) recheck(ctx context.Context, in *MachineRef) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Recheck(ctx, who, in.Ref) })
}

func (a *API) lock(ctx context.Context, in *machineOrderInput[LockOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Lock(ctx, who, in.Ref, in.Body.Note) })
}

type unlockInput struct {
	MachineRef
	Body *UnlockOrder
}

func (a *API) unlock(ctx context.Context, in *unlockInput) (Machine, error) {
	var note string
	if in.Body != nil {
		note = in.Body.Note
	}
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Unlock(ctx, who, in.Ref, note) })
}

func (a *API) release(ctx context.Context, in *machineOrderInput[ReleaseOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Release(ctx, who, in.Ref, in.Body.Name) })
}

func (a *API) waive(ctx context.Context, in *machineOrderInput[WaiveOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Waive(ctx, who, in.Ref, in.Body.Reason) })
}

func (a *API) broken(ctx context.Context, in *machineOrderInput[BrokenOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Broken(ctx, who, in.Ref, in.Body.Reason, in.Body.Note) })
}

func (a *API) repair(ctx context.Context, in *machineOrderInput[RepairOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Repair(ctx, who, in.Ref, in.Body.Disks, in.Body.Note) })
}

// noteInput has a body that may be left out.
type noteInput struct {
	MachineRef
	Body *NoteOrder
}

func (in *noteInput) note() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Note
}

func (a *API) repaired(ctx context.Context, in *noteInput) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Repaired(ctx, who, in.Ref, in.note()) })
}

func (a *API) giveBack(ctx context.Context, in *noteInput) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Return(ctx, who, in.Ref, in.note()) })
}

func (a *API) retire(ctx context.Context, in *machineOrderInput[RetireOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Retire(ctx, who, in.Ref, in.Body.Name, in.Body.Note) })
}

func (a *API) undo(ctx context.Context, in *MachineRef) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.Undo(ctx, who, in.Ref) })
}
