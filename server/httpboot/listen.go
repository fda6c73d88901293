package httpboot

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// explain says what stands in the way of a listener and what to do.
func explain(a netip.AddrPort, key string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen for HTTP on %s: the port is in use by another program; stop it (ss -ltnp shows which) or set machines.%s to another", a, key)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listen for HTTP on %s: no interface of this host has the address; set interfaces[].address to one that it has (ip addr)", a)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("listen for HTTP on %s: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE, which the packaged service has", a)
	}
	return fmt.Errorf("listen for HTTP on %s: %w", a, err)
}

// limited closes what one address opens beyond its share at once, so that it
// cannot take every descriptor.
type limited struct {
	net.Listener
	max  int
	mu   sync.Mutex
	open map[string]int
}

func limit(l net.Listener, perSource int) net.Listener {
	return &limited{Listener: l, max: perSource, open: map[string]int{}}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(c.RemoteAddr().String())
		if err == nil && !l.take(host) {
			_ = c.Close()
			continue
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return &conn{Conn: c, done: func() { l.give(host) }}, nil
		}
		return &tcpConn{TCPConn: tcp, done: func() { l.give(host) }}, nil
	}
}

func (l *limited) take(host string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[host] >= l.max {
		return false
	}
	l.open[host]++
	return true
}

func (l *limited) give(host string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[host]--; l.open[host] <= 0 {
		delete(l.open, host)
	}
}

// tcpConn keeps ReadFrom of the TCP connection, and with it sendfile.
type tcpConn struct {
	*net.TCPConn
	once sync.Once
	done func()
}

func (c *tcpConn) Close() error {
	c.once.Do(c.done)
	return c.TCPConn.Close()
}

type conn struct {
	net.Conn
	once sync.Once
	done func()
}

func (c *conn) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}
