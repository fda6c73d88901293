package httpboot

import (
	"slices"
	"sync"

	"firstlight/server/machine"
	"firstlight/server/trust"
)

// keptBoots is of how many boots of a MAC the numbers are kept: this one, and
// the one before, which may speak still.
const keptBoots = 2

// calls are the numbers of calls that were made in this life of ours, by MAC.
// One of an earlier life is on another challenge.
type calls struct {
	mu sync.Mutex
	by map[machine.MAC]*boots
}

type boots struct {
	kept []numbers // the oldest first
	lost bool      // some are not kept any more
}

type numbers struct {
	key    string
	window trust.Window
}

// add begins to keep the numbers of a boot.
func (c *calls) add(mac machine.MAC, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of(mac, key, true)
}

// take tells whether a call is new. Of a boot whose numbers are not kept any more
// none is: it cannot be told from one that was recorded.
func (c *calls) take(mac machine.MAC, key string, n uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.of(mac, key, false)
	return w != nil && w.Take(n)
}

func (c *calls) of(mac machine.MAC, key string, enrols bool) *trust.Window {
	b := c.by[mac]
	if b == nil {
		b = &boots{}
		c.by[mac] = b
	}
	if i := slices.IndexFunc(b.kept, func(n numbers) bool { return n.key == key }); i >= 0 {
		return &b.kept[i].window
	}
	if b.lost && !enrols {
		return nil
	}
	if len(b.kept) == keptBoots {
		b.kept, b.lost = slices.Delete(b.kept, 0, 1), true
	}
	b.kept = append(b.kept, numbers{key: key})
	return &b.kept[len(b.kept)-1].window
}
