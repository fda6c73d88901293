package exchange

import (
	"bytes"
	"net/netip"
	"slices"
	"sync"
	"time"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

// Tape keeps the last packets of a protocol as they were on the wire, the newest
// over the oldest. Those of machines of ServerDb and those of others, of which a
// flood can bring any number, do not displace each other.
type Tape struct {
	known, strangers reel
	text             func([]byte) string
}

// NewTape keeps so many packets of machines and of others; text words one in a
// line.
func NewTape(known, strangers int, text func([]byte) string) *Tape {
	return &Tape{known: reel{size: known}, strangers: reel{size: strangers}, text: text}
}

// Add copies a packet of a client that ServerDb knows, or does not.
func (t *Tape) Add(known bool, at time.Time, mac machine.MAC, from, to netip.AddrPort, payload []byte) {
	r := &t.strangers
	if known {
		r = &t.known
	}
	r.add(at, mac, from, to, payload)
}

// Of gives the packets of some clients, to us and from us, the oldest first: as
// many as are remembered.
func (t *Tape) Of(clients ...machine.MAC) (all []frame.Packet) {
	for _, mac := range clients {
		all = append(append(all, t.known.of(mac)...), t.strangers.of(mac)...)
	}
	slices.SortStableFunc(all, func(a, b frame.Packet) int { return a.At.Compare(b.At) })
	for i := range all {
		all[i].Text = t.text(all[i].Payload)
	}
	return all
}

// reel is a ring of packets.
type reel struct {
	mu   sync.Mutex
	kept []taped
	next int // where the next one goes, once all places are taken
	size int
}

type taped struct {
	at       time.Time
	mac      machine.MAC
	from, to netip.AddrPort
	payload  []byte
}

func (t *reel) add(at time.Time, mac machine.MAC, from, to netip.AddrPort, payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.kept) < t.size {
		t.kept = append(t.kept, taped{at, mac, from, to, bytes.Clone(payload)})
		return
	}
	p := &t.kept[t.next]
	*p = taped{at, mac, from, to, append(p.payload[:0], payload...)}
	t.next = (t.next + 1) % t.size
}

func (t *reel) of(mac machine.MAC) (all []frame.Packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.kept {
		if p.mac == mac {
			all = append(all, frame.Packet{At: p.at, From: p.from, To: p.to, Payload: bytes.Clone(p.payload)})
		}
	}
	return all
}
