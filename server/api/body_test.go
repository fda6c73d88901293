package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/auth"
)

// pipe is a listener with one connection, in memory: time in a bubble is ours.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// dial serves h and gives the client's end.
func dial(t *testing.T, h http.Handler) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	p := &pipe{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	p.conns <- server
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	go s.Serve(p) //nolint:errcheck // ended by Close
	t.Cleanup(func() { _, _ = client.Close(), s.Close() })
	return client
}

func TestABodyThatDoesNotComeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		answered := make(chan error, 1)
		client := dial(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answered <- readBody(w, r, "") }))
		fmt.Fprint(client, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf") //nolint:errcheck // nothing would be answered
		var p huma.StatusError
		if err := <-answered; !errors.As(err, &p) || p.GetStatus() != http.StatusRequestTimeout {
			t.Errorf("readBody = %v, want 408", err)
		}
		if took := time.Since(begin); took != bodyTime {
			t.Errorf("gave up after %s, want %s", took, bodyTime)
		}
	})
}

// TestALongActIsNotCutOff goes the whole way to a handler: no deadline of its
// body may be left when a verb waits for a BMC.
func TestALongActIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &API{mux: http.NewServeMux()}
		a.huma = humago.NewWithPrefix(a.mux, Prefix, a.settings())
		ended := make(chan error, 1)
		long := serve(func(ctx context.Context, _ *struct{ Body LockOrder }) (Me, error) {
			time.Sleep(10 * bodyTime) // in the bubble's time
			ended <- ctx.Err()
			return Me{}, nil
		})
		if err := a.register(route{http.MethodPost, "/long", auth.Viewer, "long", "", long}); err != nil {
			t.Fatal(err)
		}
		client := dial(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a.dispatch(w, r.WithContext(auth.With(r.Context(), auth.User{Name: "ada", Role: auth.Viewer})))
		}))
		const text = `{"note":"why"}`
		fmt.Fprintf(client, "POST %s/long HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", Prefix, len(text), text) //nolint:errcheck // nothing would be answered
		go io.Copy(io.Discard, client)                                                                                                                     //nolint:errcheck // ends with the connection
		if err := <-ended; err != nil {
			t.Errorf("the act ended with %v, want it undisturbed", err)
		}
	})
}
