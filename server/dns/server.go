package dns

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Config of a Server.
type Config struct {
	// Listen are the addresses to serve, UDP and TCP on each. Name those of
	// the boot networks: all addresses collide with the stub of systemd-resolved.
	Listen []netip.AddrPort
	// NSID is what the server calls itself to those who ask (RFC 5001); empty:
	// it does not say.
	NSID string
	Log  *slog.Logger
}

// Server answers from the snapshot that was published last. Before the first
// one it does not read: queries wait in their socket, none is refused.
type Server struct {
	listenOn  []netip.AddrPort
	nsid      string
	log       *slog.Logger
	endpoints []*endpoint
	conns     *connections
	idle      time.Duration // of a TCP client
	metrics   *serverMetrics

	snapshot  atomic.Pointer[Snapshot]
	published chan struct{} // closed by the first publication
	first     sync.Once
	ready     chan struct{}
}

// New makes a server that does not listen yet.
func New(c Config) *Server {
	return &Server{
		listenOn: c.Listen, nsid: hex.EncodeToString([]byte(c.NSID)), log: c.Log,
		conns: newConnections(), idle: idleTimeout, metrics: newServerMetrics(),
		published: make(chan struct{}), ready: make(chan struct{}),
	}
}

// Listen opens the sockets, before anything runs, so that a port that is taken
// ends the start and not the service.
func (s *Server) Listen(ctx context.Context) error {
	if len(s.listenOn) == 0 {
		return errors.New("listen for DNS: no address is given: name one, such as 10.80.12.1:53")
	}
	for _, addr := range s.listenOn {
		e, err := listen(ctx, addr)
		if err != nil {
			return errors.Join(err, s.Close())
		}
		s.endpoints = append(s.endpoints, e)
	}
	return nil
}

// Close gives up the sockets of a server that was never run.
func (s *Server) Close() error {
	var errs []error
	for _, e := range s.endpoints {
		errs = append(errs, e.close())
	}
	s.endpoints = nil
	return errors.Join(errs...)
}

// Addrs are the addresses that are listened on, with their real ports.
func (s *Server) Addrs() []netip.AddrPort {
	addrs := make([]netip.AddrPort, len(s.endpoints))
	for i, e := range s.endpoints {
		addrs[i] = e.addr
	}
	return addrs
}

// Publish makes the server answer from a snapshot from now on.
func (s *Server) Publish(snapshot *Snapshot) {
	s.snapshot.Store(snapshot)
	s.first.Do(func() { close(s.published) })
}

// Ready is closed once queries are answered.
func (s *Server) Ready() <-chan struct{} { return s.ready }

func (s *Server) String() string { return "dns" }

// Run answers until ctx ends. Readers are woken by a deadline in the past, so
// that what was read is answered before the sockets close.
func (s *Server) Run(ctx context.Context) error {
	endpoints := s.endpoints
	if len(endpoints) == 0 {
		return errors.New("run DNS server: it does not listen")
	}
	defer func() { s.closeAll(ctx, endpoints) }()
	select {
	case <-s.published:
	case <-ctx.Done():
		return nil
	}
	var wg sync.WaitGroup
	for _, e := range endpoints {
		// Answering never blocks: more readers than cores would only wait.
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() { s.serveUDP(ctx, e) })
		}
		wg.Go(func() { s.serveTCP(ctx, e) })
	}
	close(s.ready)
	<-ctx.Done()
	for _, e := range endpoints {
		s.wake(ctx, e)
	}
	s.conns.wake()
	wg.Wait()
	return nil
}

// past is a deadline that has gone by.
var past = time.Unix(1, 0)

func (s *Server) wake(ctx context.Context, e *endpoint) {
	if err := errors.Join(e.udp.SetReadDeadline(past), e.tcp.SetDeadline(past)); err != nil {
		s.log.WarnContext(ctx, "could not wake readers", "address", e.addr, "error", err)
	}
}

func (s *Server) closeAll(ctx context.Context, endpoints []*endpoint) {
	for _, e := range endpoints {
		if err := e.close(); err != nil {
			s.log.WarnContext(ctx, "could not close sockets", "address", e.addr, "error", err)
		}
	}
}

// handle answers one message. A query that makes the code panic costs its own
// answer, not the service: DNS must outlive a bug that a stranger found.
func (s *Server) handle(ctx context.Context, wire []byte, udp bool, out []byte) (reply []byte) {
	begin := time.Now()
	defer func() {
		if p := recover(); p != nil {
			s.metrics.panics.Inc()
			s.log.ErrorContext(ctx, "query made the server panic", "panic", p, "query", hex.EncodeToString(wire))
			reply = nil
		}
	}()
	x := s.snapshot.Load().respond(wire, udp, s.nsid, out)
	s.metrics.count(x, udp, time.Since(begin))
	return x.reply
}
