package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/serverdb"
)

// Conditions say on which state of a thing a write rests (RFC 9110 section
// 13.1).
type Conditions struct {
	IfMatch     string `header:"If-Match" maxLength:"400" doc:"ETag of the state that was read, or * for any: where the thing is in another one by now, nothing is written (412)" example:"\"v14\""`
	IfNoneMatch string `header:"If-None-Match" maxLength:"400" doc:"* writes only where there is nothing yet"`
}

// ETag is the tag of a version, strong: one version is one content.
func ETag(version int64) string {
	if version == 0 {
		return ""
	}
	return `"v` + strconv.FormatInt(version, 10) + `"`
}

// contentTag is the ETag of what has no version.
func contentTag(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // what the API shows is written a line later anyway
		return ""
	}
	sum := sha256.Sum256(text)
	return `"h` + hex.EncodeToString(sum[:8]) + `"`
}

// against holds the conditions against the tag of what is there, "" where
// nothing is. strict asks for a condition before something is replaced.
func (c Conditions) against(what, tag string, strict bool) error {
	switch {
	case c.IfMatch != "" && tag == "":
		return precondition("%s: there is none, so that If-Match %s does not hold: send If-None-Match: * to add it", what, c.IfMatch)
	case c.IfMatch != "" && !matches(c.IfMatch, tag):
		return precondition("%s: it is %s by now, not %s: read it again and repeat what still makes sense", what, tag, c.IfMatch)
	case c.IfNoneMatch != "" && tag != "" && matches(c.IfNoneMatch, tag):
		return precondition("%s: it is there already (%s): send If-Match with that ETag to change it", what, tag)
	case strict && tag != "" && c.IfMatch == "":
		return huma.NewError(http.StatusPreconditionRequired,
			what+": it is there already: send If-Match with the ETag that you read, or If-Match: * to replace it whatever it is")
	}
	return nil
}

// version is the one that a write must find in ServerDb after the conditions
// held: that closes the gap between looking and writing. -1 is none, 0 any.
func (c Conditions) version(current int64) int64 {
	switch {
	case c.IfMatch == "*" || c.IfMatch == "" && current > 0:
		return 0
	case current == 0:
		return -1
	}
	return current
}

// matches is the strong comparison (RFC 9110 section 8.8.3.2).
func matches(list, tag string) bool {
	return strings.TrimSpace(list) == "*" || slices.ContainsFunc(strings.Split(list, ","), func(t string) bool { return strings.TrimSpace(t) == tag })
}

func precondition(format string, args ...any) error {
	return huma.Error412PreconditionFailed(fmt.Sprintf(format, args...))
}

// lost gives a conflict of versions the status that a condition has.
func lost(err error) error {
	if errors.Is(err, serverdb.ErrConflict) {
		return precondition("%v: read it again and repeat what still makes sense", err)
	}
	return err
}

// tagged is an answer with the ETag of what it shows.
type tagged[T any] struct {
	ETag string `header:"ETag" doc:"Of the state that is shown; send it as If-Match with a change"`
	Body T
}

// serveTagged registers a handler whose answer has an ETag.
func serveTagged[I, O any](tag func(O) string, do func(context.Context, *I) (O, error)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*tagged[O], error) {
			out, err := do(ctx, in)
			if err != nil {
				return nil, a.problem(ctx, err)
			}
			return &tagged[O]{tag(out), out}, nil
		})
	}
}

// conditional adds to a registration what a write with conditions may answer.
func conditional(serve func(*API, huma.Operation)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		op.Errors = append(op.Errors, http.StatusPreconditionFailed)
		if op.Method == http.MethodPut {
			op.Errors = append(op.Errors, http.StatusPreconditionRequired)
		}
		serve(a, op)
	}
}
