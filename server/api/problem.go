package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
)

// problem is the one place that decides what an error tells whoever asked.
func (a *API) problem(ctx context.Context, err error) huma.StatusError {
	var ready huma.StatusError
	var refused *operate.Refused
	var selector *machine.SelectorError
	var refusal *auth.Refusal
	var missing *machine.MissingError
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &refused):
		return refusedProblem(refused)
	case errors.As(err, &selector):
		return huma.Error422UnprocessableEntity(selector.Error())
	case errors.As(err, &refusal):
		return huma.Error422UnprocessableEntity(refusal.Error())
	case errors.As(err, &missing):
		return huma.Error404NotFound(missingText(missing.What(), listOf(missing.Kind)))
	case errors.Is(err, machine.ErrNotFound), errors.Is(err, auth.ErrNotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, serverdb.ErrClaimed):
		return huma.Error409Conflict("header." + idempotencyKey + ": " + err.Error() + ", and nothing was done now: send it again for that one's answer")
	case errors.Is(err, serverdb.ErrConflict):
		return huma.Error409Conflict(err.Error() + ": look again before you repeat it")
	case errors.Is(err, serverdb.ErrClosed):
		return huma.Error503ServiceUnavailable("the appliance is stopping: try again when it is back")
	case errors.Is(err, machine.ErrInDoubt):
		return huma.Error504GatewayTimeout("the database went away while it wrote, and nothing is known of the end: look again before you repeat it")
	case errors.Is(err, machine.ErrAway):
		return huma.Error503ServiceUnavailable("the database does not answer, and nothing was changed: try again when it is back; GET " + Prefix + "/health tells")
	case errors.Is(err, oob.ErrUnreachable), errors.Is(err, oob.ErrCredentials), errors.Is(err, oob.ErrUnsupported):
		return huma.Error502BadGateway(err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return huma.Error504GatewayTimeout("it took too long, and nothing is known of its end: look again before you repeat it")
	}
	if ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "request failed", "error", err)
	}
	return huma.Error500InternalServerError("something is wrong in the appliance itself: its log says what")
}

// refusedProblem is 403 where somebody else may, 409 where the state of things
// refuses, and 422 where the request is wrong.
func refusedProblem(e *operate.Refused) huma.StatusError {
	status := http.StatusUnprocessableEntity
	switch {
	case e.Forbidden:
		status = http.StatusForbidden
	case e.Conflict:
		status = http.StatusConflict
	}
	if e.Field == "" || e.Conflict || e.Forbidden {
		return huma.NewError(status, e.Error())
	}
	return huma.NewError(status, e.Error(), &huma.ErrorDetail{Message: e.Why, Location: "body." + e.Field, Value: e.Value})
}

// write answers with a problem where no operation has begun.
func (a *API) write(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(r.Context(), err)
	b, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Error(), p.GetStatus())
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.GetStatus())
	_, _ = w.Write(append(b, '\n')) // the client may be gone
}

// unknown answers a path that is not ours, or a method that it does not have.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	allowed := a.methods(r)
	if len(allowed) > 0 {
		list := strings.Join(allowed, ", ")
		w.Header().Set("Allow", list)
		a.write(w, r, huma.Error405MethodNotAllowed(r.Method+" "+r.URL.Path+": no such method here: use "+list))
		return
	}
	a.write(w, r, huma.Error404NotFound(r.URL.Path+": there is no such path; did you mean "+Prefix+a.nearest(r.URL.Path)+"? All of them stand in "+Prefix+"/openapi.json"))
}

// methods are those that a path knows.
func (a *API) methods(r *http.Request) (all []string) {
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := a.mux.Handler(other); pattern != "" {
			all = append(all, m)
		}
	}
	return all
}

// nearest is the path of a route that was probably meant.
func (a *API) nearest(path string) string {
	var all []string
	for _, r := range a.routes() {
		if !slices.Contains(all, r.path) {
			all = append(all, r.path)
		}
	}
	best, _ := machine.Nearest(strings.TrimPrefix(path, Prefix), all)
	return best
}
