package api

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/auth"
	"firstlight/server/health"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
)

// Config is what the API works with, all of it needed.
type Config struct {
	Desk    *operate.Desk
	DB      *serverdb.DB
	Health  *health.Registry
	People  *auth.Service
	Log     *slog.Logger
	Now     func() time.Time
	Version string // of the build
}

// API serves everything below Prefix. Whoever asks must stand in the request's
// context already: put auth's middleware around it.
type API struct {
	Config
	mux      *http.ServeMux
	huma     huma.API
	document func() ([]byte, error) // OpenAPI 3.1, written when it is first asked for
	handler  http.Handler

	checkEvery time.Duration // whether the log-in of a stream is still good
	// replayed bounds what a client of a stream that was away is sent; more is
	// missed, and the lists are cheaper.
	replayed int
	closing  chan struct{}
	close    sync.Once
	running  sync.Map // accounts and keys whose first request has not been answered yet
}

// New registers every route and describes it. It listens nowhere.
func New(c Config) (*API, error) {
	if c.Desk == nil || c.DB == nil || c.Health == nil || c.People == nil || c.Log == nil || c.Now == nil {
		return nil, errors.New("new API: Desk, DB, Health, People, Log and Now must be set")
	}
	a := &API{Config: c, mux: http.NewServeMux(), checkEvery: time.Second, replayed: 5000, closing: make(chan struct{})}
	a.huma = humago.NewWithPrefix(a.mux, Prefix, a.settings())
	for _, r := range a.routes() {
		if err := a.register(r); err != nil {
			return nil, err
		}
	}
	a.describe()
	a.document = sync.OnceValues(a.writeDocument)
	a.handler = a.mayAsk(http.HandlerFunc(a.dispatch))
	return a, nil
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// Close ends the streams that are open; http.Server.Shutdown would wait for
// them. Give it to RegisterOnShutdown.
func (a *API) Close() { a.close.Do(func() { close(a.closing) }) }

// mayAsk wants a log-in of everybody but those whose answer is signed.
func (a *API) mayAsk(next http.Handler) http.Handler {
	people := auth.Require(auth.Viewer)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := a.mux.Handler(r); pattern == answerPattern {
			next.ServeHTTP(w, r)
			return
		}
		people.ServeHTTP(w, r)
	})
}

// dispatch reads the body whole and within bounds, then finds the route.
func (a *API) dispatch(w http.ResponseWriter, r *http.Request) {
	_, pattern := a.mux.Handler(r)
	if pattern == "" {
		a.unknown(w, r)
		return
	}
	if err := readBody(w, r, pattern); err != nil {
		a.write(w, r, err)
		return
	}
	a.mux.ServeHTTP(w, r)
}
