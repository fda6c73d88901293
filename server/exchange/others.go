package exchange

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

const (
	// otherStays is how long after its last sign another server counts: it shows
	// only when a client asks.
	otherStays = time.Hour
	// mostOthers bounds what forged answers can make us remember.
	mostOthers = 64
	// otherRow is how often a client's timeline tells of the same server.
	otherRow = 5 * time.Minute
)

// Others are the DHCP servers beside ours that were heard.
type Others struct {
	mu    sync.Mutex
	heard map[otherKey]*machine.DHCPServer
	told  map[toldKey]time.Time
}

type otherKey struct {
	network string
	address netip.Addr
}

type toldKey struct {
	otherKey
	client machine.MAC
}

// NewOthers has heard none yet.
func NewOthers() *Others {
	return &Others{heard: map[otherKey]*machine.DHCPServer{}, told: map[toldKey]time.Time{}}
}

// Note remembers a sign of a server; tell says that the client's timeline does
// not have it yet.
func (o *Others) Note(seen machine.DHCPServer) (tell bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forget(seen.Last)
	key := otherKey{seen.Interface, seen.Address}
	old := o.heard[key]
	switch {
	case old != nil:
		seen.First, seen.Count = old.First, old.Count
		if seen.MAC.IsZero() {
			seen.MAC = old.MAC
		}
	case len(o.heard) >= mostOthers:
		return false
	default:
		seen.First = seen.Last
	}
	seen.Count++
	o.heard[key] = &seen
	t := toldKey{key, seen.Client}
	if at, ok := o.told[t]; ok && seen.Last.Sub(at) < otherRow || len(o.told) >= Most {
		return false
	}
	o.told[t] = seen.Last
	return true
}

func (o *Others) forget(now time.Time) {
	for key, s := range o.heard {
		if now.Sub(s.Last) > otherStays {
			delete(o.heard, key)
		}
	}
	if len(o.told) < Most {
		return
	}
	for key, at := range o.told {
		if now.Sub(at) >= otherRow {
			delete(o.told, key)
		}
	}
}

// All gives those that were heard within the last hour, by network and address.
func (o *Others) All(now time.Time) []machine.DHCPServer {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forget(now)
	all := make([]machine.DHCPServer, 0, len(o.heard))
	for _, one := range o.heard {
		all = append(all, *one)
	}
	slices.SortFunc(all, machine.DHCPServer.Compare)
	return all
}

// OtherAnswers is the row of a client whose network another server is on;
// protocol is DHCP or DHCPv6.
func OtherAnswers(protocol string, seen *machine.DHCPServer) journal.Event {
	return journal.Event{
		At: seen.Last, MAC: seen.Client, Source: journal.DHCP, Text: "another " + protocol + " server answers on this network: " + seen.String(),
		Details: map[string]string{
			journal.DetailOutcome: string(journal.Rogue), "interface": seen.Interface, "subnet": seen.Subnet,
			journal.DetailServer: seen.Address.String(), "server_mac": seen.MAC.String(),
		},
	}
}
