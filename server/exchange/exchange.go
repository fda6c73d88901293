package exchange

import (
	"sync"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

const (
	// Quiet is how long a client must be silent for its exchange to be over.
	// Clients wait 4, 8, 16 s between tries (RFC 2131 §4.1), and no less by
	// DHCPv6 but for the first of them (RFC 8415 §7.6).
	Quiet = 20 * time.Second
	// longest is how long an exchange without end goes on before it gets its
	// row: who asks for ever is seen every five minutes.
	longest = 5 * time.Minute
	// Most bounds what strangers can make us remember.
	Most = 4096
)

// Exchange is a client's packets from its first one on. A timeline gets one row
// of it, not one of each packet.
type Exchange struct {
	First, Last time.Time
	Packets     int
	Row         journal.Event // what to say if nothing more comes
}

// Open holds those that have not ended.
type Open struct {
	mu   sync.Mutex
	open map[machine.MAC]*Exchange
}

// NewOpen holds none yet.
func NewOpen() *Open { return &Open{open: map[machine.MAC]*Exchange{}} }

// Note counts a packet of a client, with the row that stands if it was the
// last. It tells whether the packet was the first.
func (x *Open) Note(at time.Time, row journal.Event) (first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.open[row.MAC]
	if !ok {
		if len(x.open) >= Most {
			return false
		}
		e = &Exchange{First: at}
		x.open[row.MAC] = e
	}
	e.Last, e.Row = at, row
	e.Packets++
	return !ok
}

// End takes a client's exchange out. Without one, the packet that ends it was
// its only one.
func (x *Open) End(mac machine.MAC, at time.Time) Exchange {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.open[mac]
	if !ok {
		return Exchange{First: at, Last: at, Packets: 1}
	}
	delete(x.open, mac)
	e.Last = at
	e.Packets++
	return *e
}

// Len is how many have not ended.
func (x *Open) Len() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.open)
}

// Sweep takes out those that are over, as rows.
func (x *Open) Sweep(now time.Time) []journal.Event {
	x.mu.Lock()
	defer x.mu.Unlock()
	var rows []journal.Event
	for mac, e := range x.open {
		if now.Sub(e.Last) < Quiet && now.Sub(e.First) < longest {
			continue
		}
		delete(x.open, mac)
		row := e.Row
		row.At, row.LastAt, row.Count = e.First, e.Last, e.Packets
		row.Duration = e.Last.Sub(e.First)
		rows = append(rows, row)
	}
	return rows
}

// As dates a row as the exchange that it ends.
func (e Exchange) As(row journal.Event) journal.Event {
	row.At, row.Duration = e.First, e.Last.Sub(e.First)
	// Two packets are an exchange; what is more are repetitions.
	if e.Packets > 2 {
		row.Count, row.LastAt = e.Packets-1, e.Last
	}
	return row
}
