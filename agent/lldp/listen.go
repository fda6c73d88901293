package lldp

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"firstlight/agent/patience"
	"firstlight/agent/report"

	"github.com/mdlayher/packet"
)

const (
	// again is how long a port rests that could not be listened to, or that
	// brought news: a neighbour that says something else each time makes no
	// more than six reports a minute.
	again = 10 * time.Second
	// frameBytes is room for what a port can receive.
	frameBytes = 9216
)

// Listener hears the neighbours of this machine's ports.
type Listener struct {
	ctx   context.Context
	log   *slog.Logger
	news  chan struct{}
	mu    sync.Mutex
	ports map[string]*port // by the names of interfaces
}

// NewListener listens until ctx ends.
func NewListener(ctx context.Context, log *slog.Logger) *Listener {
	return &Listener{ctx: ctx, log: log, news: make(chan struct{}, 1), ports: map[string]*port{}}
}

// News receives a value when a neighbour is new or says something else.
func (l *Listener) News() <-chan struct{} { return l.news }

// Neighbour is who was heard last on an interface; nil: nobody yet, or not for
// longer than it said that this holds. The first call for an interface begins to
// listen to it.
func (l *Listener) Neighbour(nic string) *report.Neighbour {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.ports[nic]
	if !ok {
		l.ports[nic] = &port{}
		go l.follow(nic)
		return nil
	}
	return p.neighbour(time.Now())
}

// follow listens to an interface for as long as there is one of the name.
func (l *Listener) follow(nic string) {
	for l.ctx.Err() == nil {
		ifi, err := net.InterfaceByName(nic)
		if err != nil {
			l.mu.Lock()
			delete(l.ports, nic)
			l.mu.Unlock()
			return
		}
		if err := l.listen(ifi); err != nil {
			l.log.Debug("LLDP not heard", "nic", nic, "error", err)
		}
		_ = patience.Wait(l.ctx, again)
	}
}

func (l *Listener) listen(ifi *net.Interface) error {
	conn, err := packet.Listen(ifi, packet.Datagram, EtherType, nil)
	if err != nil {
		return err
	}
	defer context.AfterFunc(l.ctx, func() { _ = conn.Close() })()
	defer conn.Close()
	if err := conn.JoinGroup(Group); err != nil {
		return err
	}
	for b := make([]byte, frameBytes); ; {
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return err
		}
		if l.heard(ifi.Name, b[:n]) {
			_ = patience.Wait(l.ctx, again)
		}
	}
}

// heard takes one frame and says whether it was news.
func (l *Listener) heard(nic string, frame []byte) bool {
	n, ttl, err := Parse(frame)
	if err != nil {
		l.log.Debug("LLDP not understood", "nic", nic, "error", err)
		return false
	}
	l.mu.Lock()
	p, ok := l.ports[nic]
	news := ok && p.hear(n, ttl, carrierChanges(nic), time.Now())
	l.mu.Unlock()
	if news {
		l.log.Info("neighbour", "nic", nic, "switch", n.System, "port", n.Port)
		select {
		case l.news <- struct{}{}:
		default: // the last one was not fetched yet, which says the same
		}
	}
	return news
}

// carrierChanges counts how often the cable came and went.
func carrierChanges(nic string) string {
	b, _ := os.ReadFile("/sys/class/net/" + nic + "/carrier_changes")
	return strings.TrimSpace(string(b))
}
