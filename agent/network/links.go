package network

import (
	"context"
	"log/slog"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	// agreeing is how long a link that came or went is left alone: a port that
	// comes says its speed a moment later, and one that resets is back by then.
	agreeing = time.Second
	// between news pass at least so long: a loose plug makes no more than six
	// reports a minute.
	between = 10 * time.Second
)

// link is an interface and whether its cable carries a signal.
type link struct {
	name     string
	up, gone bool
}

// Links follows the cables of interfaces, of which the kernel's events about
// devices say nothing. What comes and goes as a device is told by package hotplug.
type Links struct {
	log  *slog.Logger
	news chan struct{}
	up   map[string]bool // by name, of those that there are
}

// NewLinks follows cables until ctx ends.
func NewLinks(ctx context.Context, log *slog.Logger) *Links {
	l := &Links{log: log, news: make(chan struct{}, 1), up: map[string]bool{}}
	go l.run(ctx)
	return l
}

// News receives a value when a link came or went, once it is likely to stay so.
func (l *Links) News() <-chan struct{} { return l.news }

// run listens again where the kernel dropped messages: it then tells of every
// link how it is, by which nothing is missed.
func (l *Links) run(ctx context.Context) {
	for ctx.Err() == nil {
		updates, err := listen(ctx)
		if err != nil {
			l.log.Warn("cables not followed", "error", err)
		} else {
			l.follow(ctx, updates)
		}
		t := time.NewTimer(agreeing)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
}

// listen asks for the links that there are, and for what becomes of them.
func listen(ctx context.Context) (<-chan link, error) {
	raw, links := make(chan netlink.LinkUpdate), make(chan link)
	if err := netlink.LinkSubscribeWithOptions(raw, ctx.Done(), netlink.LinkSubscribeOptions{ListExisting: true}); err != nil {
		return nil, err
	}
	go func() {
		defer close(links)
		for u := range raw { // it is closed with ctx, and on an error
			a := u.Attrs()
			select {
			case links <- link{a.Name, a.RawFlags&unix.IFF_LOWER_UP != 0, u.Header.Type == unix.RTM_DELLINK}:
			case <-ctx.Done():
			}
		}
	}()
	return links, nil
}

// follow tells news of links until there are no more updates.
func (l *Links) follow(ctx context.Context, updates <-chan link) {
	due := time.NewTimer(0)
	<-due.C
	var told time.Time
	waiting := false
	for {
		select {
		case <-ctx.Done():
			return
		case u, ok := <-updates:
			if !ok {
				return
			}
			if l.changed(u) && !waiting {
				due.Reset(max(agreeing, between-time.Since(told)))
				waiting = true
			}
		case <-due.C:
			waiting, told = false, time.Now()
			select {
			case l.news <- struct{}{}:
			default: // the last one was not fetched yet, which says the same
			}
		}
	}
}

// changed says whether a link that was known is not as it was.
func (l *Links) changed(u link) bool {
	was, known := l.up[u.name]
	if u.gone {
		delete(l.up, u.name)
		return false
	}
	l.up[u.name] = u.up
	return known && was != u.up
}
