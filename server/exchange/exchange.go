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
	// soon is how long an exchange goes on without an end before it gets its first
	// row: who asks on and on is seen within the minute. longest is how long it is
	// until the next ones.
	soon    = 25 * time.Second
	longest = 5 * time.Minute
	// Most bounds what strangers can make us remember.
	Most = 4096
)

// Exchange is a client's packets from its first one on. A timeline gets one row
// of it, not one of each packet.
type Exchange struct {
	First, Last time.Time
	Packets     int           // since its last row
	Row         journal.Event // what to say if nothing more comes
	told        bool          // it has had a row
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
	if e.Packets == 0 {
		e.First = at
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
	if e.Packets == 0 {
		e.First = at
	}
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

// Sweep gives the rows of those that are over, and takes them out, and of those
// that go on without an end.
func (x *Open) Sweep(now time.Time) []journal.Event {
	x.mu.Lock()
	defer x.mu.Unlock()
	var rows []journal.Event
	for mac, e := range x.open {
		over := now.Sub(e.Last) >= Quiet
		if over {
			delete(x.open, mac)
		}
		if e.Packets == 0 || !over && now.Sub(e.First) < e.patience() {
			continue
		}
		row := e.Row
		row.At, row.LastAt, row.Count = e.First, e.Last, e.Packets
		row.Duration = e.Last.Sub(e.First)
		rows = append(rows, row)
		e.Packets, e.told = 0, true
	}
	return rows
}

// patience is how long the exchange may go on before its next row.
func (e *Exchange) patience() time.Duration {
	if e.told {
		return longest
	}
	return soon
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
