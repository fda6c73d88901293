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
	if _, err := a.find(ref); err != nil {
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
