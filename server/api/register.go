package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/auth"
	"firstlight/server/delivery"
)

// settings are huma's, without what it would serve by itself.
func (a *API) settings() huma.Config {
	c := huma.DefaultConfig("Firstlight", a.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // routes has all that is served
	c.CreateHooks = nil                                   // no $schema in every body
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{a.explainValidation, tagBody, sendChosen}
	c.Info.Description = "Machines from bare metal to in use. " + readable + " Times are RFC 3339, but those of jobs: " +
		"`2015-07-31 17:45:53`, in UTC. Every error is a problem (RFC 9457) whose detail says what to do."
	c.Info.License = &huma.License{Name: "Apache License 2.0", Identifier: "Apache-2.0"}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token, " + auth.TokenPrefix + "…"},
		"webhook": {Type: "apiKey", In: "header", Name: "webhook-signature", Description: "An HMAC-SHA256 with the secret of a gate (Standard Webhooks 1.0.0)"},
		"session": {Type: "apiKey", In: "cookie", Name: auth.Cookie, Description: "A person's log-in"},
	}
	c.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	return c
}

// register adds a route, which must ask for a role.
func (a *API) register(r route) error {
	if !auth.Admin.Allows(r.role) || r.role == auth.Nobody && !r.open() {
		return fmt.Errorf("route %s %s asks for the role %q: want viewer, technician, engineer or admin", r.method, r.path, r.role)
	}
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Summary: r.says, Tags: []string{r.tag()},
		Description: strings.TrimSpace(descriptions()[r.id] + " Needs the role " + string(r.role) + "."),
		Extensions:  map[string]any{"x-role": string(r.role)},
		Errors:      r.errors(),
		Middlewares: huma.Middlewares{require(r.role)},
		// dispatch has read the body: -1 keeps huma from setting a deadline,
		// which net/http, that waits for the next request by then, would take
		// for a client that hung up.
		BodyReadTimeout: -1, MaxBodyBytes: delivery.MaxBytes + 1,
	}
	if r.method == http.MethodGet {
		op.Middlewares = append(op.Middlewares, a.choose)
	}
	a.repeatable(r, &op)
	if b, ok := a.basisOf(r); ok {
		b.document(&op)
		op.Middlewares = append(op.Middlewares, a.rest(b))
	}
	if r.open() {
		op.Description = descriptions()[r.id]
		op.Security = []map[string][]string{{"webhook": {}}}
	}
	r.serve(a, op)
	return nil
}

// open tells whether a route is for those who have no log-in, because what they
// send is signed. There is one.
func (r route) open() bool { return r.id == answerWait }

// errors are what a route may answer beside what every route does.
func (r route) errors() []int {
	all := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable}
	if r.method != http.MethodGet {
		all = append(all, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusConflict, http.StatusRequestEntityTooLarge)
	}
	if r.method == http.MethodPost || r.method == http.MethodPut || r.method == http.MethodPatch {
		all = append(all, http.StatusUnsupportedMediaType)
	}
	if strings.HasSuffix(r.path, "/power") || strings.HasSuffix(r.path, "/light") { // it waits for a BMC
		all = append(all, http.StatusBadGateway, http.StatusGatewayTimeout)
	}
	return all
}

// require lets through those whose role is large enough, in auth's words.
func require(want auth.Role) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(c)
		auth.Require(want)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { next(c) })).ServeHTTP(w, r)
	}
}

// body is an answer that is nothing but its body.
type body[T any] struct{ Body T }

// serve registers a handler that answers 200 with a body.
func serve[I, O any](do func(context.Context, *I) (O, error)) func(*API, huma.Operation) {
	return as(http.StatusOK, do)
}

// create registers a handler that answers 201 with a body.
func create[I, O any](do func(context.Context, *I) (O, error)) func(*API, huma.Operation) {
	return as(http.StatusCreated, do)
}

func as[I, O any](status int, do func(context.Context, *I) (O, error)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		op.DefaultStatus = status
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*body[O], error) {
			out, err := do(ctx, in)
			if err != nil {
				return nil, a.problem(ctx, err)
			}
			return &body[O]{out}, nil
		})
	}
}

// remove registers a handler that answers 204.
func remove[I any](do func(context.Context, *I) error) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		op.DefaultStatus = http.StatusNoContent
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*struct{}, error) {
			if err := do(ctx, in); err != nil {
				return nil, a.problem(ctx, err)
			}
			return nil, nil // huma's way to say: no body
		})
	}
}
