package web

import (
	"context"
	"errors"
	"net/http"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

var errNoPage = errors.New("there is no such page")

// answer runs a handler and answers its error.
func (s *Site) answer(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil { // the client is gone
			return
		}
		status, sentence := s.explain(err)
		if status == http.StatusInternalServerError {
			s.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		}
		s.fail(w, r, status, sentence)
	})
}

// explain is the one place that decides what an error tells people.
func (s *Site) explain(err error) (status int, sentence string) {
	var refusal *auth.Refusal
	var selector *machine.SelectorError
	var refused *refused
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, machine.ErrInDoubt):
		return http.StatusGatewayTimeout, "The database went away while it wrote, and nothing is known of the end. Look again before you repeat it."
	case errors.Is(err, machine.ErrAway):
		return http.StatusServiceUnavailable, "The database does not answer, and nothing was changed. Known machines keep booting. Try again when it is back."
	case errors.Is(err, errNoPage):
		return http.StatusNotFound, "There is no such page."
	case errors.Is(err, machine.ErrNotFound), errors.Is(err, auth.ErrNotFound):
		return http.StatusNotFound, "There is no such thing here: " + err.Error() + "."
	case errors.As(err, &refusal):
		return http.StatusUnprocessableEntity, refusal.Error()
	case errors.As(err, &selector):
		return http.StatusUnprocessableEntity, selector.Error()
	case errors.As(err, &refused):
		return http.StatusConflict, refused.Error()
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "That is too much to send at once."
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "That took too long; nothing is known to have happened. Look again before you repeat it."
	default:
		return http.StatusInternalServerError, "Something is wrong in the appliance itself. Its log says what."
	}
}

// refused is an action that was not carried out. Its cause is for people to
// read: it names machine, status and guard, or what the BMC said.
type refused struct{ error }

func (e *refused) Unwrap() error { return e.error }

func (s *Site) notFound(w http.ResponseWriter, r *http.Request) {
	if u, ok := auth.From(r.Context()); !ok || u.Role == auth.Nobody {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	s.fail(w, r, http.StatusNotFound, "There is no such page.")
}

// fail shows a sentence on a page of its own.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, status int, sentence string) {
	if !wantsPage(r) {
		http.Error(w, sentence, status)
		return
	}
	v := view{title: http.StatusText(status), template: "problem", data: sentence}
	if err := s.render(w, r, status, v); err != nil {
		s.Log.ErrorContext(r.Context(), "cannot render the error page", "error", err)
	}
}

// readable tells whether people may read the text of an error.
func readable(err error) bool {
	var refusal *auth.Refusal
	return errors.As(err, &refusal)
}
