package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/gate"
	"firstlight/server/machine"
)

// answerWait is the operation that asks for a signature instead of a log-in, and
// answerPattern how the mux names it.
const (
	answerWait    = "answer-wait"
	answerPattern = http.MethodPost + " " + Prefix + "/waits/{id}/answer"
)

// AnswerPath is where a wait is answered.
func AnswerPath(id string) string { return Prefix + "/waits/" + id + "/answer" }

// SignedAnswer is read as it was sent: the signature is over the bytes.
type SignedAnswer struct {
	ID        string `path:"id" maxLength:"64" doc:"Of the wait" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Message   string `header:"webhook-id" maxLength:"64" doc:"The same" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Seconds   string `header:"webhook-timestamp" maxLength:"32" doc:"When it was signed, seconds since 1970" example:"1795715153"`
	Signature string `header:"webhook-signature" maxLength:"1024" doc:"v1, and the HMAC-SHA256 in base64; several with blanks between" example:"v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="`
	RawBody   []byte `contentType:"application/json"`
}

// signed registers a handler of a signed body, and documents what the body is.
func signed[O any](do func(context.Context, *SignedAnswer) (O, error)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		op.SkipValidateBody = true // the signature comes first
		op.Middlewares = nil
		as(http.StatusOK, do)(a, op)
		t := reflect.TypeFor[WaitAnswer]()
		a.huma.OpenAPI().Paths[op.Path].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: a.huma.OpenAPI().Components.Schemas.Schema(t, true, t.Name())},
		}}
	}
}

func (a *API) answerGate(ctx context.Context, in *SignedAnswer) (Wait, error) {
	w, err := a.Desk.AnswerGate(ctx, in.ID, gate.Signed{ID: in.Message, Seconds: in.Seconds, Signature: in.Signature, Body: in.RawBody})
	if err != nil {
		return Wait{}, err
	}
	return a.showWait(w), nil
}

func (a *API) newGateSecret(ctx context.Context, in *PlanName) (GateSecret, error) {
	who, _ := auth.From(ctx)
	secret, err := a.Desk.NewGateSecret(ctx, who, in.Name)
	return GateSecret{secret}, err
}

func (a *API) waits(context.Context, *struct{}) (List[Wait], error) {
	return whole(a.DB.Waits(), a.showWait), nil
}

func (a *API) passGate(ctx context.Context, in *machineOrderInput[PassOrder]) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.PassGate(ctx, who, in.Ref, in.Body.Gate, in.Body.Why) })
}

type askGateInput struct {
	MachineRef
	Body *AskOrder
}

func (a *API) askGate(ctx context.Context, in *askGateInput) (Machine, error) {
	at := ""
	if in.Body != nil {
		at = in.Body.Gate
	}
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.AskGate(ctx, who, in.Ref, at) })
}

func (a *API) showWaits(id string) []Wait { return each(a.DB.WaitsOf(id), a.showWait) }

func (a *API) showWait(w *machine.Wait) Wait {
	shown := Wait{
		ID: w.ID, Gate: w.Gate, Title: w.Title, Text: w.Text(a.Now()), State: string(w.State()), From: string(w.From), To: string(w.To),
		Since: w.Since, Deadline: w.Deadline, Sent: w.Sent, SentAt: showTime(w.SentAt), TakenAt: showTime(w.TakenAt), Error: w.Error,
		OpenedAt: showTime(w.OpenedAt), OpenedBy: w.OpenedBy, Why: w.Why, Refused: w.Refused,
	}
	if m, err := a.DB.Machine(w.Machine); err == nil {
		shown.Machine = m.Name
	}
	return shown
}
