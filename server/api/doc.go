// Package api is the JSON API below /api/v1: what programs, the command line
// and other tools ask of the appliance.
//
// It promises that its document (OpenAPI 3.1, at /api/v1/openapi.json) says all
// that it does, that every route stands in one slice with the role that it asks
// for, and that every error is a problem (RFC 9457) whose detail names the
// field, its value and what to do. What all routes have in common is done once,
// where they are registered: a write happens once for each Idempotency-Key, and
// only on the state that its If-Match names; a read sends the fields that were
// asked for. It decides nothing: verbs go through
// operate, where the pages' verbs go too, and reads come from ServerDb.
//
// It is a plain http.Handler with a huma API on net/http's own mux inside, and
// not operations on web's Gin engine: so unknown paths, wrong methods and
// bodies that are too large are problems too, streams reach the connection,
// and the whole of the API is tested without the pages. Who asks is found out
// before, by auth's middleware. The wiring imports it, nobody else.
package api
