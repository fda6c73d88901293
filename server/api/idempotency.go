package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/auth"
	"firstlight/server/serverdb"
)

// idempotencyKey makes a write safe to repeat (draft-ietf-httpapi-idempotency-key-header).
const idempotencyKey = "Idempotency-Key"

// replayed is the header of an answer that is given again.
const replayed = "Idempotent-Replayed"

// maxReply bounds the body of an answer that is kept, in bytes: the verdicts on
// twelve thousand lines are a few millions.
const maxReply = 8 << 20

// unkeyed are the writes that take no key, by operation, with the reason.
var unkeyed = map[string]string{
	"put-bmc-login": "it says how it shall be, so that it may be repeated; and what is kept of a request would help to guess the password in it",
	answerWait:      "whoever answers has no account; the same answer again is fine",
	"put-password":  "what is kept of a request would help to guess the password in it",
}

// shownOnce are the writes whose answer holds a secret, by operation, with what
// to do when that was lost. The answer is not kept; that it was given is.
var shownOnce = map[string]string{
	"create-user":        "get a new code with POST " + Prefix + "/users/NAME/code and a new key",
	"create-user-code":   "get a new code with a new key",
	"create-gate-secret": "make another with a new key",
	"create-token":       "find it with GET " + Prefix + "/tokens, end it, and make another with a new key",
}

// answered is what is kept for a key.
type answered struct {
	Request string            `json:"request"` // method and path, for people
	Sum     string            `json:"sum"`     // of all that makes a request the same
	Status  int               `json:"status,omitempty"`
	Header  map[string]string `json:"header,omitempty"`
	Body    []byte            `json:"body,omitempty"`
	// Lost says why the answer cannot be given again.
	Lost string `json:"lost,omitempty"`
}

// once carries a write out at most once for each key of an account, and answers
// a repetition as it did the first time, also after a restart. A key is spent by
// the first change that is committed for it: what was refused, or failed, may be
// tried again with it.
func (a *API) once(lost string) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		text := c.Header(idempotencyKey)
		if text == "" {
			next(c)
			return
		}
		r, w := humago.Unwrap(c)
		k, err := a.keyed(r, text)
		if err != nil {
			a.write(w, r, err)
			return
		}
		claim := [2]string{k.who, k.key}
		if _, busy := a.running.LoadOrStore(claim, nil); busy {
			k.wait(w, r, "the request with this key is still carried out: wait for its end")
			return
		}
		defer a.running.Delete(claim)
		before, err := a.DB.Reply(r.Context(), k.who, k.key)
		switch {
		case err != nil:
			a.write(w, r, err)
		case before != "":
			k.again(w, r, before)
		default:
			k.first(c, next, lost)
		}
	}
}

// keyedRequest is a request with its key.
type keyedRequest struct {
	*API
	who, key string
	asked    answered
}

func (a *API) keyed(r *http.Request, text string) (*keyedRequest, error) {
	key, ok := parseKey(text)
	if !ok {
		return nil, keyProblem(http.StatusBadRequest, text, "want 1 to 200 visible characters, bare or in double quotes, such as a random UUID")
	}
	body, err := io.ReadAll(r.Body) // dispatch has read it within its bounds
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%s %s\n%s\n", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type")) // a hash takes everything
	_, _ = sum.Write(body)
	who, _ := auth.From(r.Context())
	return &keyedRequest{a, who.Name, key, answered{Request: r.Method + " " + r.URL.Path, Sum: hex.EncodeToString(sum.Sum(nil))}}, nil
}

// wait asks a client to come again soon.
func (k *keyedRequest) wait(w http.ResponseWriter, r *http.Request, why string) {
	w.Header().Set("Retry-After", "1")
	k.write(w, r, keyProblem(http.StatusConflict, k.key, why))
}

// again answers as the first time.
func (k *keyedRequest) again(w http.ResponseWriter, r *http.Request, record string) {
	var was answered
	if err := json.Unmarshal([]byte(record), &was); err != nil {
		k.write(w, r, fmt.Errorf("read the reply of key %q: %w", k.key, err))
		return
	}
	switch {
	case was.Sum != k.asked.Sum:
		k.write(w, r, keyProblem(http.StatusUnprocessableEntity, k.key, "was used for another request, "+was.Request+": send a new key with a new request"))
	case was.Lost != "":
		k.write(w, r, keyProblem(http.StatusConflict, k.key, "the request was carried out, and its answer is not kept: "+was.Lost))
	case was.Status == 0:
		k.write(w, r, keyProblem(http.StatusConflict, k.key, "the request has changed something before the appliance stopped, and nobody knows how it would have been answered: "+
			"look at what it was about, and send what is missing with a new key"))
	default:
		for name, value := range was.Header {
			w.Header().Set(name, value)
		}
		w.Header().Set(replayed, "true")
		w.WriteHeader(was.Status)
		_, _ = w.Write(was.Body) // the client may be gone
	}
}

// first carries the request out and keeps its answer.
func (k *keyedRequest) first(c huma.Context, next func(huma.Context), lost string) {
	r, w := humago.Unwrap(c)
	begun, err := json.Marshal(k.asked)
	if err != nil {
		k.write(w, r, err)
		return
	}
	ctx, claim := serverdb.Once(r.Context(), k.who, k.key, string(begun))
	rec := &recorder{ResponseWriter: w, silent: lost != ""}
	ended := false
	defer func() {
		if claim.Made() {
			// The client may be gone, and that is what the reply is kept for.
			k.settle(context.WithoutCancel(r.Context()), rec, lost, ended)
		}
	}()
	next(humago.NewContext(c.Operation(), r.WithContext(ctx), rec))
	ended = true
}

// settle says in the row of a key how its request was answered. An error frees
// the key: the request may be tried again.
func (k *keyedRequest) settle(ctx context.Context, rec *recorder, lost string, ended bool) {
	var err error
	if ended && rec.status < http.StatusBadRequest {
		err = k.keep(ctx, rec, lost)
	} else {
		err = k.DB.FreeKey(ctx, k.who, k.key)
	}
	if err != nil {
		k.Log.ErrorContext(ctx, "reply not kept", "key", k.key, "request", k.asked.Request, "error", err)
	}
}

func (k *keyedRequest) keep(ctx context.Context, rec *recorder, lost string) error {
	kept := k.asked
	kept.Status, kept.Header = max(rec.status, http.StatusOK), map[string]string{}
	for _, name := range []string{"Content-Type", "ETag", "Location"} {
		if value := rec.Header().Get(name); value != "" {
			kept.Header[name] = value
		}
	}
	switch {
	case lost != "":
		kept.Lost = "it holds a secret that is shown once: " + lost
	case rec.body.Len() > maxReply:
		kept.Lost = fmt.Sprintf("it is larger than %d bytes: read what it was about", maxReply)
	default:
		kept.Body = rec.body.Bytes()
	}
	record, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return k.DB.KeepReply(ctx, k.who, k.key, string(record))
}

// repeatable lets a write take a key, and says so.
func (a *API) repeatable(r route, op *huma.Operation) {
	if r.method == http.MethodGet || unkeyed[r.id] != "" {
		return
	}
	op.Parameters = append(op.Parameters, header(idempotencyKey, "The same key from the same account is the same request: sent again within 24 hours, it does nothing and is answered as the first time ("+replayed+")"))
	op.Middlewares = append(op.Middlewares, a.once(shownOnce[r.id]))
}
