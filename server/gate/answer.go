package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Answer is the body of what comes back.
type Answer struct {
	Answer string `json:"answer"`           // ok or refused
	Reason string `json:"reason,omitempty"` // of a refusal: one sentence
}

type (
	// ForgedError refuses an answer that is not proven to come from the gate's
	// system.
	ForgedError struct{ Why string }
	// WrongError refuses an answer that cannot be read.
	WrongError struct{ Field, Value, Why string }
)

func (e *ForgedError) Error() string { return e.Why }
func (e *WrongError) Error() string  { return fmt.Sprintf("%s %q: %s", e.Field, e.Value, e.Why) }

// maxReason bounds what a system says of its refusal.
const maxReason = 500

// Take takes an answer to a wait. It refuses what is not signed by the gate's
// system (*ForgedError), what cannot be read (*WrongError), what nobody waits
// for (machine.ErrNotFound), and what is late or contradicts the first answer
// (*serverdb.AnswerError). The same answer again is fine.
func (e *Engine) Take(ctx context.Context, id string, s Signed) (*machine.Wait, error) {
	w, err := e.DB.Wait(id)
	if err != nil {
		return nil, err
	}
	if s.ID != id {
		return nil, &ForgedError{fmt.Sprintf("%s %.64q: want that of the wait that is answered, %s", headerID, s.ID, id)}
	}
	secret, err := e.Keys.open(ctx, w.Gate)
	if errors.Is(err, errNoSecret) {
		return nil, &ForgedError{err.Error()} // nobody can have signed it
	}
	if err != nil {
		return nil, err
	}
	if err := s.verify(secret, e.Now()); err != nil {
		return nil, &ForgedError{err.Error()}
	}
	refused, err := read(s.Body)
	if err != nil {
		return nil, err
	}
	news, err := e.DB.Answer(ctx, id, refused)
	if err != nil {
		return nil, err
	}
	if news {
		e.counted.answers.WithLabelValues(w.Gate, word(refused)).Inc()
	}
	return e.DB.Wait(id)
}

func word(refused string) string {
	if refused != "" {
		return "refused"
	}
	return "ok"
}

// read gives the reason of a refusal, empty where the answer is ok.
func read(body []byte) (refused string, err error) {
	var a Answer
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return "", &WrongError{"body", clip(string(body)), `want JSON such as {"answer": "ok"}: ` + err.Error()}
	}
	if _, err := d.Token(); err != io.EOF { //nolint:errorlint // Token gives it bare
		return "", &WrongError{"body", clip(string(body)), "has more after its JSON"}
	}
	reason := strings.TrimSpace(a.Reason)
	switch {
	case a.Answer == "ok" && reason == "":
		return "", nil
	case a.Answer == "ok":
		return "", &WrongError{"reason", clip(reason), "ok needs none; to refuse, send the answer refused"}
	case a.Answer != "refused":
		return "", &WrongError{"answer", clip(a.Answer), "want ok or refused"}
	case reason == "" || len(reason) > maxReason || !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl):
		return "", &WrongError{"reason", clip(reason), fmt.Sprintf("say in one line of 1 to %d bytes why not", maxReason)}
	}
	return reason, nil
}

func clip(s string) string {
	if len(s) > 64 {
		s = strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

// Pass opens the gate of a wait because somebody says so.
func (e *Engine) Pass(ctx context.Context, who serverdb.Actor, w *machine.Wait, why string) error {
	if err := e.DB.PassGate(ctx, who, w.ID, why); err != nil {
		return err
	}
	e.counted.answers.WithLabelValues(w.Gate, "passed").Inc()
	return nil
}
