package api

import (
	"context"
	"errors"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// state is a kind of thing that a path names and whose state has an ETag.
type state struct {
	kind string // for people
	// now gives the tag of one as it is, and how to ask for it again within a
	// write; an error that is missing where there is none.
	now func(ctx context.Context, name string) (tag string, again look, err error)
}

// look asks for a tag within a write.
type look func(*serverdb.Write) (tag string, err error)

// states are those things by the path that names one. Every write at such a
// path or below it takes If-Match, but for those of unconditional.
func (a *API) states() map[string]state {
	all := map[string]state{
		"/machines/{ref}":    {"machine", a.machineState},
		"/jobs/{id}":         {"job", a.jobState},
		"/rules/{name}":      {"rule", kept(a.DB.Rule, (*serverdb.Write).Rule, showRule)},
		"/subnets/{name}":    {"subnet", kept(a.DB.Subnet, (*serverdb.Write).Subnet, showSubnet)},
		"/deliveries/{name}": {"delivery", a.deliveryState},
		"/users/{name}":      {"account", a.accountState},
	}
	for kind, l := range planLists {
		all[l.path+"/{name}"] = state{string(kind), a.planState(kind)}
	}
	return all
}

// unconditional are the writes that take no If-Match, by operation, with the
// reason.
var unconditional = map[string]string{
	"import-machines": "makes and changes many machines: each line is judged against the fleet within the write",
	"adopt-machine":   "says what a machine is, whoever knew of it before",
	"create-job":      "makes something new; the machine's status is judged within the write",
	"diff-boots":      "writes nothing: it compares",
	"change-machines": "changes many machines: expected counts them, and one that changes meanwhile ends it",
	"create-user":     "makes something new",
	"create-token":    "makes something new",
	"delete-token":    "a token does not change, and must end at once whatever was read",
	"put-bmc-login":   "what is kept is never shown, so that nobody can have read it",
	"put-password":    "the old password is the proof of what was there",
	"take-issue":      "an issue that somebody has already is refused within the write",
	"drop-issue":      "an issue that another has is refused within the write",
	"end-safe-mode":   "it ends once; a second time is refused",
	"answer-wait":     "it is signed for the one wait that its path names, and only the first counts",
}

// kept is the state of what stands in a list of its own and has no version.
func kept[T any, V tagged](find func(string) (T, error), within func(*serverdb.Write, string) (T, error), show func(T) V) func(context.Context, string) (string, look, error) {
	tag := func(row T, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return show(row).tag(), nil
	}
	return func(_ context.Context, name string) (string, look, error) {
		now, err := tag(find(name))
		return now, func(w *serverdb.Write) (string, error) { return tag(within(w, name)) }, err
	}
}

func (a *API) machineState(_ context.Context, ref string) (string, look, error) {
	m, err := a.DB.Machine(ref)
	if err != nil {
		return "", nil, err
	}
	return ETag(m.Version), func(w *serverdb.Write) (string, error) {
		now, err := w.Machine(m.ID)
		if err != nil {
			return "", err
		}
		return ETag(now.Version), nil
	}, nil
}

func (a *API) jobState(_ context.Context, id string) (string, look, error) {
	j, err := a.DB.Job(id)
	if err != nil {
		return "", nil, err
	}
	return ETag(j.Version), func(w *serverdb.Write) (string, error) {
		now, err := w.Job(id)
		if err != nil {
			return "", err
		}
		return ETag(now.Version), nil
	}, nil
}

func (a *API) deliveryState(ctx context.Context, name string) (string, look, error) {
	version, err := a.DB.DeliveryVersion(ctx, name) // without how far it has come, which takes a look at each machine
	if err != nil {
		return "", nil, err
	}
	return ETag(version), func(w *serverdb.Write) (string, error) {
		now, err := w.Delivery(name)
		if err != nil {
			return "", err
		}
		return ETag(now.Version), nil
	}, nil
}

func (a *API) accountState(ctx context.Context, name string) (string, look, error) {
	account, err := a.People.Account(ctx, name)
	if err != nil {
		return "", nil, err
	}
	return showUser(account).tag(), func(w *serverdb.Write) (string, error) {
		now, err := w.Account(name)
		if err != nil {
			return "", err
		}
		return showUser(now).tag(), nil
	}, nil
}

func (a *API) planState(kind machine.PlanKind) func(context.Context, string) (string, look, error) {
	return func(_ context.Context, name string) (string, look, error) {
		ref := machine.PlanRef{Kind: kind, Name: name}
		row, err := a.DB.PlanOf(ref)
		return ETag(row.Version), func(w *serverdb.Write) (string, error) {
			now, err := w.PlanOf(ref)
			return ETag(now.Version), err
		}, err
	}
}

// isMissing tells whether an error says that there is no such thing.
func isMissing(err error) bool {
	return errors.Is(err, machine.ErrNotFound) || errors.Is(err, auth.ErrNotFound)
}
