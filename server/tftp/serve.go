package tftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pin/tftp/v3"
	"golang.org/x/sys/unix"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Journal takes what happened.
type Journal interface {
	Note(journal.Event)
}

// WhoIs tells which machine has an address. Either result may be empty.
type WhoIs func(netip.Addr) (machineID string, mac machine.MAC)

// Config is what a Server needs.
type Config struct {
	// Addresses to listen on: port 69 of each address of ours that machines
	// boot from.
	Addresses []netip.AddrPort
	// Routes are all the names there are.
	Routes  []Route
	WhoIs   WhoIs
	Journal Journal
	Log     *slog.Logger
	Now     func() time.Time

	Transfers int // at most at the same time; default 1024
	PerSource int // at most to one address; default 8
}

// Server sends files.
type Server struct {
	cfg     Config
	limits  *limits
	metrics *metrics
	ready   chan struct{}
	stop    chan struct{} // closed: transfers break off
	conns   []*net.UDPConn
	own     sync.WaitGroup // transfers that are not the library's

	mu      sync.Mutex
	running map[netip.AddrPort]*transfer
}

// New makes a Server. Listen opens its sockets, Run serves.
func New(cfg Config) *Server {
	if cfg.Transfers <= 0 {
		cfg.Transfers = 1024
	}
	if cfg.PerSource <= 0 {
		cfg.PerSource = 8
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Server{
		cfg: cfg, limits: newLimits(cfg.Transfers, cfg.PerSource), metrics: &metrics{},
		ready: make(chan struct{}), stop: make(chan struct{}),
		running: map[netip.AddrPort]*transfer{},
	}
}

// String names the task.
func (s *Server) String() string {
	names := make([]string, len(s.cfg.Addresses))
	for i, a := range s.cfg.Addresses {
		names[i] = a.String()
	}
	return "tftp on " + strings.Join(names, ", ")
}

// Ready is closed once files are sent.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Listen opens the sockets.
func (s *Server) Listen() error {
	if len(s.cfg.Addresses) == 0 {
		return errors.New("listen for TFTP: no address is configured")
	}
	for _, a := range s.cfg.Addresses {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(a))
		if err != nil {
			s.close()
			return explain(a, err)
		}
		s.conns = append(s.conns, conn)
	}
	return nil
}

func (s *Server) close() {
	for _, c := range s.conns {
		_ = c.Close()
	}
}

// explain turns the errors that people meet into a sentence with a remedy.
func explain(a netip.AddrPort, err error) error {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("listen for TFTP on %s: the port is in use: another TFTP server runs on this host "+
			"(tftpd-hpa, atftpd, dnsmasq, a second firstlight); 'ss -ulpn sport = :%d' names it: stop it there: %w", a, a.Port(), err)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf("listen for TFTP on %s: no interface of this host has the address: correct the configuration or give it to one: %w", a, err)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("listen for TFTP on %s: not permitted: ports below 1024 need CAP_NET_BIND_SERVICE: "+
			"start as the packaged systemd unit does, or as root: %w", a, err)
	default:
		return fmt.Errorf("listen for TFTP on %s: %w", a, err)
	}
}

// Run serves until ctx ends. Transfers break off then, with an error to their
// clients, within the five seconds that the library's last packet may wait for
// its ACK.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	var serving sync.WaitGroup
	servers := make([]*tftp.Server, len(s.conns))
	for i, conn := range s.conns {
		servers[i] = s.protocol()
		serving.Go(func() { s.serve(ctx, servers[i], conn) })
	}
	close(s.ready)
	<-ctx.Done()
	close(s.stop)
	for _, p := range servers {
		serving.Go(p.Shutdown)
	}
	serving.Wait()
	s.own.Wait()
	return nil
}

// protocol sets the library up.
func (s *Server) protocol() *tftp.Server {
	p := tftp.NewServer(s.send, func(string, io.WriterTo) error {
		s.metrics.results[refused].Add(1)
		return errReadOnly
	})
	p.SetTimeout(firstWait)
	p.SetRetries(retries)
	// The library sleeps on top of the timeout unless told otherwise.
	p.SetBackoff(func(int) time.Duration { return 0 })
	p.SetHook(hook{s})
	return p
}

// serve reads requests; after a panic in the library it goes on with the same
// socket.
func (s *Server) serve(ctx context.Context, p *tftp.Server, conn *net.UDPConn) {
	for ctx.Err() == nil {
		func() {
			defer s.contain("reading a TFTP request panicked")
			if err := p.Serve(front{conn, s}); err != nil && ctx.Err() == nil {
				s.cfg.Log.Error("reading TFTP requests failed", "address", conn.LocalAddr().String(), "error", err)
			}
		}()
	}
}
