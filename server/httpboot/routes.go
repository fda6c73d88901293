package httpboot

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"firstlight/agent/report"
	"firstlight/ipxe/script"
	"firstlight/server/boot"
	"firstlight/server/machine"
)

// access is what a route asks for.
type access string

const (
	public  access = "public"  // nothing: firmware has no secret to show
	session access = "session" // the session of this boot, and a proof of this very call
	token   access = "token"   // the boot token of its own script, which works once
	single  access = "single"  // a token in the path that works once
)

// route is one route of the machines' door.
type route struct {
	pattern string // of http.ServeMux
	access  access
	serve   func(*Server, http.ResponseWriter, *http.Request) error
}

// routes is every route that machines can reach. What a public one hands out,
// anybody on the boot network gets: nothing behind it may hold a secret of
// another machine.
var routes = []route{
	{"GET " + script.EntryPath, public, (*Server).entry},
	{"GET " + script.ConfigPath, public, (*Server).config},
	{"GET " + script.ScriptPath, public, (*Server).script},
	{"GET /boot/{architecture}/{name}", public, (*Server).file}, // kernels and initramfs; what is not there is told
	{"GET /boot/loaders/{name}", public, (*Server).file},
	{"GET /boot/images/{name}", public, (*Server).image},

	{"POST /agent/v1/enrol", token, (*Server).enrol},
	{"POST /agent/v1/report", session, (*Server).report},
	{"GET /agent/v1/order", session, (*Server).order},
	{"POST /agent/v1/redeem", session, (*Server).redeem},
	{"POST /agent/v1/progress", session, (*Server).progress},
	{"POST /agent/v1/result", session, (*Server).result},
	{"POST /agent/v1/crash", session, (*Server).crash},
	{"GET /agent/v1/stream", session, (*Server).stream},
	{"POST /agent/v1/log", session, (*Server).log},

	{"POST /home/v1/{token}", single, (*Server).home},
}

// Routes gives every route of the router, as http.ServeMux writes patterns.
func (s *Server) Routes() (all []string) {
	for _, rt := range routes {
		all = append(all, rt.pattern)
	}
	return all
}

// Handler answers requests without a listener.
func (s *Server) Handler() http.Handler { return s.http.Handler }

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes {
		if rt.access == session {
			rt.serve = signed(rt.serve)
		}
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
			s.metrics.requests.WithLabelValues(rt.pattern).Inc()
			r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
			s.answer(w, r, rt.serve(s, w, r))
		})
	}
	return besideShim(mux)
}

// besideShim finds the loader that shim asks for beside itself, with two slashes
// before its name. http.ServeMux would redirect, and UEFI's HTTP follows nobody.
func besideShim(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/boot/loaders//"); ok {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = "/boot/loaders/"+name, ""
		}
		next.ServeHTTP(w, r)
	})
}

// bodyLimit is that of the largest message, a report.
const bodyLimit = 256 << 10

// statusError is an error with the HTTP status that it means.
type statusError struct {
	status int
	error
}

func (e statusError) Unwrap() error { return e.error }

func status(code int, err error) error { return statusError{code, err} }

// answer turns a handler's error into what the other side may know. An answer
// that was begun already is left as it is.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		return
	}
	code, text := s.explain(r, err)
	reply(w, code, report.Error{Error: text})
}

// explain counts a refusal, and logs what is no answer for machines.
func (s *Server) explain(r *http.Request, err error) (code int, text string) {
	code, text = http.StatusInternalServerError, "internal error; the appliance's log has it"
	var se statusError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &se):
		code, text = se.status, err.Error()
	case errors.As(err, &tooLarge):
		code, text = http.StatusRequestEntityTooLarge, "the message is larger than 256 KiB"
	case errors.Is(err, boot.ErrRefused):
		code, text = http.StatusUnauthorized, err.Error()
	case errors.Is(err, machine.ErrNotFound):
		code, text = http.StatusNotFound, err.Error()
	case errors.Is(err, machine.ErrAway):
		code, text = http.StatusServiceUnavailable, "the database does not answer: ask again"
	default:
		s.Log.ErrorContext(r.Context(), "answer machine", "path", r.URL.Path, "from", r.RemoteAddr, "error", err)
	}
	s.metrics.refused.WithLabelValues(http.StatusText(code)).Inc()
	return code, text
}

func reply(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(b) // the other side may have gone
}
