package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Bounds of TCP. A client that is silent, slow or deaf loses its connection
// and takes nothing from others: RFC 7766 §6.2.3, RFC 9210 §3.
const (
	idleTimeout   = 10 * time.Second // for the next whole query, as in Knot
	writeTimeout  = 5 * time.Second
	maxConns      = 1024
	maxConnsPerIP = 32
)

// serveTCP accepts connections until ctx ends and returns when all are closed.
func (s *Server) serveTCP(ctx context.Context, e *endpoint) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		c, err := e.tcp.AcceptTCP()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed), err != nil && ctx.Err() != nil:
			return
		case err != nil: // out of file descriptors: others may close some
			s.metrics.ioErrors.Inc()
			pause(ctx, ioErrorWait)
			continue
		}
		ip := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr() //nolint:forcetypeassert // of a TCP connection
		if !s.conns.admit(c, ip) {
			s.metrics.turnedAway.Inc()
			_ = c.Close() // nothing was said on it yet
			continue
		}
		wg.Go(func() {
			defer s.conns.leave(c, ip)
			s.converse(ctx, c)
		})
	}
}

// converse answers the queries of one connection in the order they came.
func (s *Server) converse(ctx context.Context, c *net.TCPConn) {
	in, out := make([]byte, readSize), make([]byte, readSize)
	for ctx.Err() == nil {
		if c.SetReadDeadline(time.Now().Add(s.idle)) != nil {
			return
		}
		if ctx.Err() != nil { // the deadline above may have undone wake's
			return
		}
		query, err := readMessage(c, in)
		if err != nil {
			return // gone, silent, slow or told to stop
		}
		reply := s.handle(ctx, query, false, out)
		if reply == nil {
			return // it does not speak DNS
		}
		if c.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil || writeMessage(c, reply) != nil {
			return
		}
	}
}

// readMessage reads one message with its length before it, RFC 1035 §4.2.2.
// buf is used when it is large enough.
func readMessage(r io.Reader, buf []byte) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if n > len(buf) {
		buf = make([]byte, n)
	}
	_, err := io.ReadFull(r, buf[:n])
	return buf[:n], err
}

// writeMessage sends length and message in one segment: RFC 7766 §8, some
// clients cannot take them in two.
func writeMessage(w io.Writer, msg []byte) error {
	framed := make([]byte, 2, 2+len(msg))
	binary.BigEndian.PutUint16(framed, uint16(len(msg)))
	_, err := w.Write(append(framed, msg...))
	return err
}

// connections keeps count of who is connected.
type connections struct {
	mu    sync.Mutex
	open  map[*net.TCPConn]struct{}
	perIP map[netip.Addr]int
}

func newConnections() *connections {
	return &connections{open: map[*net.TCPConn]struct{}{}, perIP: map[netip.Addr]int{}}
}

func (cs *connections) admit(c *net.TCPConn, ip netip.Addr) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.open) >= maxConns || cs.perIP[ip] >= maxConnsPerIP {
		return false
	}
	cs.open[c] = struct{}{}
	cs.perIP[ip]++
	return true
}

func (cs *connections) leave(c *net.TCPConn, ip netip.Addr) {
	_ = c.Close() // whoever is gone is gone
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.open, c)
	if cs.perIP[ip]--; cs.perIP[ip] == 0 {
		delete(cs.perIP, ip)
	}
}

// wake ends the waiting of every connection for its next query.
func (cs *connections) wake() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for c := range cs.open {
		_ = c.SetReadDeadline(past) // fails on a connection that closes anyway
	}
}

func (cs *connections) count() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.open)
}
