package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Tag is the ETag of a thing as somebody shows it who is no client of the API:
// a *machine.Machine, *machine.Job, *machine.Rule, *machine.Delivery,
// *machine.Issue or auth.Account. It is "" for everything else.
func (a *API) Tag(thing any) string {
	switch v := thing.(type) {
	case *machine.Machine:
		return ETag(v.Version)
	case *machine.Job:
		return ETag(v.Version)
	case *machine.Delivery:
		return ETag(v.Version)
	case *machine.Rule:
		return showRule(v).tag()
	case *machine.Issue:
		return issueTag(v)
	case auth.Account:
		return showUser(v).tag()
	}
	return ""
}

// Resting gives a context whose writes happen only while a thing, one of those
// of Tag, is in the state of a tag, by the code that judges If-Match. The error,
// of the call and of each such write, is one that Overtaken knows.
func (a *API) Resting(ctx context.Context, thing any, tag string) (context.Context, error) {
	s, name := a.shown(thing)
	return basis{state: s}.on(ctx, name, conditions{ifMatch: tag})
}

// Overtaken tells whether a write did not happen because what it rests on is in
// another state by now.
func (*API) Overtaken(err error) bool {
	status, ok := errors.AsType[huma.StatusError](err)
	return ok && status.GetStatus() == http.StatusPreconditionFailed
}

// shown is what holds the state of a thing, and the name that it goes by there.
func (a *API) shown(thing any) (s state, name string) {
	all := a.states()
	switch v := thing.(type) {
	case *machine.Machine:
		return all["/machines/{ref}"], v.ID
	case *machine.Job:
		return all["/jobs/{id}"], v.ID
	case *machine.Delivery:
		return all["/deliveries/{name}"], v.Name
	case *machine.Rule:
		return all["/rules/{name}"], v.Name
	case auth.Account:
		return all["/users/{name}"], v.Name
	case *machine.Issue:
		return a.issueState(v.Ref()), v.Name
	}
	panic("api: what is shown has no state")
}

// issueTag is of who has an issue: what it says may be renewed meanwhile.
func issueTag(i *machine.Issue) string {
	return contentTag([]any{i.Ref(), i.Since, i.Taken})
}

func (a *API) issueState(ref machine.IssueRef) state {
	tag := func(i *machine.Issue, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return issueTag(i), nil
	}
	return state{"issue", func(context.Context, string) (string, look, error) {
		now, err := tag(a.DB.Issue(ref))
		return now, func(w *serverdb.Write) (string, error) { return tag(w.Issue(ref)) }, err
	}}
}
