// Package httpboot is the machines' door over HTTP: iPXE scripts, boot files
// and images, the agent's calls and the call home of installed systems.
//
// Every route stands in one slice (routes.go) with what it asks for; only the
// ones marked public answer without a secret. A script is the answer of the
// same boot.Decide that DHCP asked. Files go out with Content-Length, ETag and
// ranges, HEAD included.
//
// It imports the words, boot, the wire format, the scripts and the boot
// image's arguments. What it needs of ServerDb and of the jobs it declares
// itself; the wiring hands them in.
package httpboot

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// Inventory is what is known of machines.
type Inventory interface {
	Known(boot.Request) boot.Known
	SubnetFor(netip.Addr) (*machine.Subnet, bool)
	WhoIs(netip.Addr) (machineID string, mac machine.MAC)
	ByMAC(machine.MAC) (*machine.Machine, bool)
	Image(name string) (*machine.Image, error)
}

// Records takes what machines say and do.
type Records interface {
	Report(ctx context.Context, r *report.Report, from netip.Addr) (*machine.Machine, error)
	Observe(id string, change func(*machine.Observed))
	Note(journal.Event)
	Decided(boot.Request, boot.Answer, boot.Known)
	Watch(room int) *journal.Watcher
	// Enrolment gives the last one of a MAC.
	Enrolment(machine.MAC) (trust.Enrolment, bool)
	// Position is the proof that the machine is where the plan wants it, by what
	// was seen since its boot through the interface with this MAC began.
	Position(m *machine.Machine, mac machine.MAC, since time.Time) trust.Proof
	// Enrol has decide look at the last enrolment of a MAC, nil for none, and
	// keeps what it makes of it, durably and one after the other. The text is a
	// row of the timeline, where there is one.
	Enrol(ctx context.Context, mac machine.MAC, decide func(have *trust.Enrolment) (next trust.Enrolment, text string, keep bool)) error
}

// Jobs gives agents their orders.
type Jobs interface {
	Heard(*machine.Machine)
	Booted(machineID string)
	Reported(ctx context.Context, m *machine.Machine, bootID string) error
	Order(ctx context.Context, m *machine.Machine, seen string) (*report.Order, error)
	Redeem(context.Context, *machine.Machine, trust.Evidence, report.Redeem) (plan any, err error)
	Progress(*machine.Machine, report.Progress) error
	Result(context.Context, *machine.Machine, report.Result) error
	Home(ctx context.Context, token string, h report.Home) error
}

// Config is what a Server needs.
type Config struct {
	Listen    []netip.AddrPort
	Inventory Inventory
	Records   Records
	Jobs      Jobs
	// BootImages are by architecture, as Debian calls it.
	BootImages map[string]BootImage
	Loaders    fs.FS // for UEFI HTTP boot
	Secure     Secure
	Images     *os.Root // OS images
	// Page gives the address of a machine's page for people.
	Page func(name string) string
	// Key signs boot tokens and sessions; 32 bytes, the same after a restart.
	Key []byte
	// Since is when a release that asks for boot tokens was first started here.
	Since time.Time
	Log   *slog.Logger
	Now   func() time.Time
}

// BootImage is the kernel and the initramfs for one architecture.
type BootImage struct {
	Files fs.FS // vmlinuz and initramfs
	// Sums are SHA-256 sums of the files that are known already, by name. Hashing
	// them here would keep 29 MB of the binary in memory.
	Sums map[string]string
	// KernelArgs are the arguments that every agent's kernel gets.
	KernelArgs []string
}

// Secure is the door over HTTPS, for loaders that were keyed with its root; the
// zero value is none.
type Secure struct {
	Listen  []netip.AddrPort
	TLS     *tls.Config
	Root    string // SHA-256 of the root that agents trust, in hex
	Loaders fs.FS  // the keyed ones
}

// Server serves the machines' door.
type Server struct {
	Config
	http      *http.Server
	listeners []net.Listener
	files     map[string]*asset
	wakeups   *wakeups
	logs      *logs
	challenge string // of this life: proofs on another one are replayed, or old
	calls     calls
	metrics   *metrics
	stall     time.Duration
	ready     chan struct{}
	closing   chan struct{} // closed when the end begins
}

// New makes a server; it reads the boot files once to know their hashes.
func New(c Config) (*Server, error) {
	s := &Server{
		Config: c, files: map[string]*asset{}, wakeups: newWakeups(), logs: newLogs(), metrics: newMetrics(),
		challenge: challenge(), calls: calls{by: map[machine.MAC]*boots{}},
		stall: stallLimit, ready: make(chan struct{}), closing: make(chan struct{}),
	}
	if err := s.loadAssets(); err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       90 * time.Second, // an agent's report over a bad link
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
		ConnState:         s.watchHandshake,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, localKey{}, c.LocalAddr())
		},
	}
	return s, nil
}

func challenge() string {
	var b [report.ChallengeBytes]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (s *Server) String() string { return "http boot" }

// Ready is closed once requests are answered.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// perSource bounds the connections of one address: an image, its ranges and
// the agent's calls need a handful.
const perSource = 64

// Listen opens the sockets.
func (s *Server) Listen(ctx context.Context) error {
	for _, a := range s.Config.Listen {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.String())
		if err != nil {
			return errors.Join(explain(a, "http_port", err), s.closeAll())
		}
		s.listeners = append(s.listeners, limit(l, perSource))
	}
	for _, a := range s.Secure.Listen {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.String())
		if err != nil {
			return errors.Join(explain(a, "https_port", err), s.closeAll())
		}
		s.listeners = append(s.listeners, tls.NewListener(limit(l, perSource), s.Secure.TLS))
	}
	return nil
}

func (s *Server) closeAll() error {
	var err error
	for _, l := range s.listeners {
		err = errors.Join(err, l.Close())
	}
	return err
}

// Addrs gives the addresses that are listened on.
func (s *Server) Addrs() []netip.AddrPort {
	var all []netip.AddrPort
	for _, l := range s.listeners {
		if a, err := netip.ParseAddrPort(l.Addr().String()); err == nil {
			all = append(all, a)
		}
	}
	return all
}

// Run answers until ctx ends. Agents that wait in a long poll are let go at
// once: they ask again.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, len(s.listeners))
	for _, l := range s.listeners {
		go func() { failed <- s.http.Serve(l) }()
	}
	go s.wakeups.run(ctx, s.Records.Watch(1024))
	close(s.ready)
	select {
	case err := <-failed:
		return fmt.Errorf("serve machines over HTTP: %w", err)
	case <-ctx.Done():
	}
	close(s.closing)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := s.http.Shutdown(stop); err != nil {
		return s.http.Close()
	}
	return nil
}

type localKey struct{}

// base is the machines' door as the one who asks reached it. The Host header
// is a stranger's word and is not used.
func base(r *http.Request) string {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	if a, ok := r.Context().Value(localKey{}).(net.Addr); ok {
		return scheme + a.String()
	}
	return scheme + r.Host
}

// source is the address that a request comes from.
func source(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}
