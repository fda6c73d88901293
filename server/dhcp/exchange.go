package dhcp

import (
	"sync"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

const (
	// quiet is how long a client must be silent for its exchange to be over.
	// Clients wait 4, 8, 16 s between tries (RFC 2131 §4.1).
	quiet = 20 * time.Second
	// longest is how long an exchange without end goes on before it gets its
	// row: who asks for ever is seen every five minutes.
	longest = 5 * time.Minute
	// maxExchanges bounds what strangers can make us remember.
	maxExchanges = 4096
)

// exchange is a client's packets from its first DISCOVER on. A timeline gets one
// row of it, not one of each packet.
type exchange struct {
	first, last time.Time
	packets     int
	row         journal.Event // what to say if nothing more comes
}

// exchanges holds those that have not ended.
type exchanges struct {
	mu   sync.Mutex
	open map[machine.MAC]*exchange
}

func newExchanges() *exchanges { return &exchanges{open: map[machine.MAC]*exchange{}} }

// note counts a packet of a client, with the row that stands if it was the
// last. It tells whether the packet was the first.
func (x *exchanges) note(at time.Time, row journal.Event) (first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.open[row.MAC]
	if !ok {
		if len(x.open) >= maxExchanges {
			return false
		}
		e = &exchange{first: at}
		x.open[row.MAC] = e
	}
	e.last, e.row = at, row
	e.packets++
	return !ok
}

// end takes a client's exchange out. Without one, the packet that ends it was
// its only one.
func (x *exchanges) end(mac machine.MAC, at time.Time) exchange {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, ok := x.open[mac]
	if !ok {
		return exchange{first: at, last: at, packets: 1}
	}
	delete(x.open, mac)
	e.last = at
	e.packets++
	return *e
}

// sweep takes out those that are over, as rows.
func (x *exchanges) sweep(now time.Time) []journal.Event {
	x.mu.Lock()
	defer x.mu.Unlock()
	var rows []journal.Event
	for mac, e := range x.open {
		if now.Sub(e.last) < quiet && now.Sub(e.first) < longest {
			continue
		}
		delete(x.open, mac)
		row := e.row
		row.At, row.LastAt, row.Count = e.first, e.last, e.packets
		row.Duration = e.last.Sub(e.first)
		rows = append(rows, row)
	}
	return rows
}
