package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/serverdb"
)

// conditions say on which state of a thing a write rests (RFC 9110 section
// 13.1).
type conditions struct{ ifMatch, ifNoneMatch string }

// asked tells whether there are any.
func (c conditions) asked() bool { return c.ifMatch != "" || c.ifNoneMatch != "" }

// against holds the conditions against the tag of what is there, "" where
// nothing is. strict asks for a condition before something is replaced.
func (c conditions) against(what, tag string, strict bool) error {
	switch {
	case c.ifMatch != "" && tag == "":
		return precondition("%s: there is none, so that If-Match %s does not hold: send If-None-Match: * to add it", what, c.ifMatch)
	case c.ifMatch != "" && !matches(c.ifMatch, tag):
		return precondition("%s: it is %s by now, not %s: read it again and repeat what still makes sense", what, tag, c.ifMatch)
	case c.ifNoneMatch != "" && tag != "" && matches(c.ifNoneMatch, tag):
		return precondition("%s: it is there already (%s): send If-Match with that ETag to change it", what, tag)
	case strict && tag != "" && c.ifMatch == "":
		return huma.NewError(http.StatusPreconditionRequired,
			what+": it is there already: send If-Match with the ETag that you read, or If-Match: * to replace it whatever it is")
	}
	return nil
}

// matches is the strong comparison (RFC 9110 section 8.8.3.2).
func matches(list, tag string) bool {
	return strings.TrimSpace(list) == "*" || slices.ContainsFunc(strings.Split(list, ","), func(t string) bool { return strings.TrimSpace(t) == tag })
}

func precondition(format string, args ...any) error {
	return huma.Error412PreconditionFailed(fmt.Sprintf(format, args...))
}

// basis is what a write of a route rests on.
type basis struct {
	state
	param string // of the path, which names it
	// strict asks for a condition: the write replaces something as a whole, and
	// whoever has not read it would undo what others did.
	strict bool
	// adds tells that the write makes what is not there.
	adds bool
}

// basisOf finds what a route rests on, false where it takes no conditions.
func (a *API) basisOf(r route) (basis, bool) {
	if r.method == http.MethodGet || unconditional[r.id] != "" {
		return basis{}, false
	}
	for path, s := range a.states() {
		if below, found := strings.CutPrefix(r.path, path); found && (below == "" || below[0] == '/') {
			whole := r.method == http.MethodPut
			return basis{s, strings.Trim(path[strings.LastIndexByte(path, '/')+1:], "{}"), whole, whole && below == ""}, true
		}
	}
	return basis{}, false
}

// on gives a context whose writes happen only on the state of a thing that the
// conditions name; an error where it is in another one already.
func (b basis) on(ctx context.Context, name string, asks conditions) (context.Context, error) {
	tag, again, err := b.now(ctx, name)
	if isMissing(err) && !b.adds { // the verb says what is missing
		return ctx, nil
	}
	holds := func(tag string, err error) error {
		if err != nil && !isMissing(err) {
			return err
		}
		return asks.against(b.kind+" "+name, tag, b.strict)
	}
	if err := holds(tag, err); err != nil {
		return nil, err
	}
	if asks.asked() || b.strict {
		ctx = serverdb.Resting(ctx, func(w *serverdb.Write) error { return holds(again(w)) })
	}
	return ctx, nil
}

// rest makes a write happen only on the state that its conditions name.
func (a *API) rest(b basis) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(c)
		ctx, err := b.on(r.Context(), c.Param(b.param), conditions{c.Header("If-Match"), c.Header("If-None-Match")})
		if err != nil {
			a.write(w, r, err)
			return
		}
		next(humago.NewContext(c.Operation(), r.WithContext(ctx), w))
	}
}

// document says that an operation takes conditions, and what it then may answer.
func (b basis) document(op *huma.Operation) {
	op.Errors = append(op.Errors, http.StatusPreconditionFailed)
	if b.strict {
		op.Errors = append(op.Errors, http.StatusPreconditionRequired)
	}
	p := header("If-Match", "ETag of the state that was read, or * for any: where the "+b.kind+" is in another one by now, nothing is written (412)")
	if b.strict || op.Method == http.MethodPatch {
		p.Schema.Examples = []any{`"v14"`}
	}
	op.Parameters = append(op.Parameters, p)
	if b.adds {
		op.Parameters = append(op.Parameters, header("If-None-Match", "* writes only where there is nothing yet"))
	}
}

// header is a parameter that goes with a request's head.
func header(name, says string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: says, Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(400)}}
}
