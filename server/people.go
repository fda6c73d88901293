package server

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"firstlight/server/api"
	"firstlight/server/auth"
	"firstlight/server/ca"
	"firstlight/web"
)

// people is the people's door: pages and the API over HTTPS, and for whoever
// may read the state folder a socket on this host.
type people struct {
	listenOn string
	socket   string
	tls      *tls.Config
	print    string // fingerprint of the CA
	site     *web.Site
	programs *api.API
	auth     *auth.Service
	http     *http.Server
	local    *http.Server
	tcp      net.Listener
	unix     net.Listener
	log      *slog.Logger
	ready    chan struct{}
}

func (a *Appliance) openPeople(ctx context.Context) error {
	c := a.Config
	authority, err := ca.Open(c.State, time.Now)
	if err != nil {
		return err
	}
	store, err := a.db.People(ctx)
	if err != nil {
		return err
	}
	service, err := auth.New(auth.Config{Store: store, Random: rand.Reader, Now: time.Now})
	if err != nil {
		return err
	}
	site, programs, err := a.newSite(service)
	if err != nil {
		return err
	}
	a.people = &people{
		listenOn: c.People.Listen, socket: filepath.Join(c.State, "firstlight.sock"),
		tls: authority.TLS(certNames(c.People.Listen, c.People.Names)), print: authority.Fingerprint(),
		site: site, programs: programs, auth: service, log: a.Log.With("part", "people"), ready: make(chan struct{}),
	}
	a.people.servers()
	return nil
}

func certNames(listen string, names []string) []string {
	all := append([]string{"127.0.0.1", "::1", "localhost"}, names...)
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" {
		all = append(all, host)
	}
	return all
}

func (p *people) servers() {
	quiet := slog.NewLogLogger(p.log.Handler(), slog.LevelDebug)
	p.http = &http.Server{
		Handler: p.site.Handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: quiet, TLSConfig: p.tls,
	}
	p.http.RegisterOnShutdown(p.endStreams)
	p.local = &http.Server{Handler: asAdmin(p.site.Handler()), ReadHeaderTimeout: 5 * time.Second, ErrorLog: quiet}
}

// endStreams ends what a shutdown would wait for.
func (p *people) endStreams() {
	p.site.Close()
	p.programs.Close()
}

// asAdmin makes whoever comes through the socket an admin: its mode lets in the
// appliance's own user and group. A package that gives people that group decides
// so.
func asAdmin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), auth.User{Name: "local", Role: auth.Admin, Address: "socket"})))
	})
}

func (p *people) listen(ctx context.Context) error {
	var err error
	if p.tcp, err = p.listenTCP(ctx); err != nil {
		return err
	}
	if err := os.Remove(p.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace socket %s: %w", p.socket, err)
	}
	if p.unix, err = (&net.ListenConfig{}).Listen(ctx, "unix", p.socket); err != nil {
		return fmt.Errorf("listen on socket %s: %w", p.socket, err)
	}
	return os.Chmod(p.socket, 0o660)
}

// listenTCP opens the door, or takes the socket that systemd opened.
func (p *people) listenTCP(ctx context.Context) (net.Listener, error) {
	name, activated := strings.CutPrefix(p.listenOn, "fd:")
	if !activated {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.listenOn)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("people.listen %s: the port is in use by another program; stop it (ss -ltnp shows which) or set another", p.listenOn)
		}
		if errors.Is(err, syscall.EACCES) {
			return nil, fmt.Errorf("people.listen %s: this user may not open ports below 1024; give it CAP_NET_BIND_SERVICE, or set a higher port", p.listenOn)
		}
		return l, err
	}
	all, err := activation.ListenersWithNames()
	if err != nil {
		return nil, fmt.Errorf("people.listen %s: %w", p.listenOn, err)
	}
	if len(all[name]) == 0 {
		return nil, fmt.Errorf("people.listen %s: nobody handed in a socket of that name; start through the socket unit, or set host:port", p.listenOn)
	}
	return all[name][0], nil
}

func (p *people) String() string { return "people's door" }

// Ready is closed once pages are answered.
func (p *people) Ready() <-chan struct{} { return p.ready }

// Run answers until ctx ends.
func (p *people) Run(ctx context.Context) error {
	failed := make(chan error, 2)
	go func() { failed <- p.http.ServeTLS(p.tcp, "", "") }()
	go func() { failed <- p.local.Serve(p.unix) }()
	close(p.ready)
	sweep := time.NewTicker(10 * time.Minute)
	defer sweep.Stop()
	for {
		select {
		case err := <-failed:
			return err
		case <-sweep.C:
			if err := p.auth.Sweep(ctx); err != nil {
				p.log.ErrorContext(ctx, "sweep sessions", "error", err)
			}
		case <-ctx.Done():
			return p.stop(context.WithoutCancel(ctx))
		}
	}
}

func (p *people) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := errors.Join(p.http.Shutdown(ctx), p.local.Shutdown(ctx)); err != nil {
		return errors.Join(p.http.Close(), p.local.Close())
	}
	return nil
}

func (p *people) address() string {
	if p.tcp != nil {
		return p.tcp.Addr().String()
	}
	return p.listenOn
}

// greet says where to look and, as long as there is no account, how to log in.
func (p *people) greet(out io.Writer) {
	fmt.Fprintf(out, "Firstlight answers at https://%s/\n", p.address()) //nolint:errcheck // the console may be gone
	fmt.Fprintf(out, "Its CA has the SHA-256 fingerprint %s\n", p.print) //nolint:errcheck // as above
	code, err := p.auth.FirstCode(context.Background())
	if err != nil {
		p.log.Error("make the first code", "error", err)
		return
	}
	if code != "" {
		fmt.Fprintf(out, "No account yet: make the first admin with the one-time code %s (valid for a day)\n", code) //nolint:errcheck // as above
	}
}
