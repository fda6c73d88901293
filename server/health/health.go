// Package health gathers how the parts of the appliance are.
//
// A part registers a name and a function; asking runs all of them at the same
// time, each within a bound, so that one part that hangs shows as failed and
// does not hide the others. Alive says that the process answers; Ready, that no
// part has failed. It imports nothing of ours; the wiring registers the parts,
// the pages and the API show them.
package health

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// State is how a part is.
type State string

// States. Degraded works, but somebody should look.
const (
	OK       State = "ok"
	Degraded State = "degraded"
	Failed   State = "failed"
)

// Probe looks at a part. The detail is one sentence for people.
type Probe func(context.Context) (state State, detail string)

// Status is what a probe found.
type Status struct {
	Name   string `json:"name" doc:"The part of the appliance" example:"dhcp"`
	State  State  `json:"state" enum:"ok,degraded,failed" doc:"degraded works, but somebody should look"`
	Detail string `json:"detail" doc:"One sentence for people" example:"answers on eth1"`
}

// Registry holds the probes in the order in which they were registered. The
// zero Registry is ready.
type Registry struct {
	mu    sync.RWMutex
	parts []part
	limit time.Duration // of one probe; defaultLimit when zero
}

type part struct {
	name  string
	probe Probe
}

// defaultLimit of one probe: whoever asks waits no longer.
const defaultLimit = 2 * time.Second

// Register adds a part.
func (r *Registry) Register(name string, probe Probe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = append(r.parts, part{name, probe})
}

// Check looks at every part.
func (r *Registry) Check(ctx context.Context) []Status {
	r.mu.RLock()
	parts := r.parts
	r.mu.RUnlock()
	all := make([]Status, len(parts))
	var wg sync.WaitGroup
	for i, p := range parts {
		wg.Go(func() { all[i] = r.look(ctx, p) })
	}
	wg.Wait()
	return all
}

// look runs one probe. A probe that does not come back within the bound is
// left behind: it holds nothing of ours.
func (r *Registry) look(ctx context.Context, p part) Status {
	limit := r.limit
	if limit == 0 {
		limit = defaultLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found := make(chan Status, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				found <- Status{p.name, Failed, fmt.Sprintf("its probe panicked: %v", cause)}
			}
		}()
		state, detail := p.probe(ctx)
		found <- Status{p.name, state, detail}
	}()
	select {
	case s := <-found:
		return s
	case <-ctx.Done():
		return Status{p.name, Failed, fmt.Sprintf("did not answer within %s", limit)}
	}
}

// Alive answers 200 as long as the process does.
func Alive() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n")) // the one who asked may have gone
	})
}

// Ready answers 200 with the parts when none has failed, and 503 otherwise.
func (r *Registry) Ready() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		all := r.Check(req.Context())
		code := http.StatusOK
		for _, s := range all {
			if s.State == Failed {
				code = http.StatusServiceUnavailable
			}
		}
		b, err := json.Marshal(all)
		if err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write(append(b, '\n')) // the one who asked may have gone
	})
}
