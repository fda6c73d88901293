package dhcp6

import (
	"sync"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/machine"
)

// maxHolders bounds what strangers make us remember; beyond it all is forgotten,
// which costs no more than a release that is taken at its word.
const maxHolders = 65536

// holders remembers which association of a machine has its address. UEFI has two:
// one that its IP stack makes because routers say so, and one of PXE or HTTP boot,
// which gives back the first as it takes the same address by the second.
type holders struct {
	mu   sync.Mutex
	last map[machine.MAC]string
}

func holderOf(q *query, ia *dhcpv6.OptIANA) string { return string(ia.IaId[:]) + string(q.duid) }

func (h *holders) took(q *query, ia *dhcpv6.OptIANA) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || len(h.last) >= maxHolders {
		h.last = map[machine.MAC]string{}
	}
	h.last[q.boot.MAC] = holderOf(q, ia)
}

// anothers tells whether the address went to another association since.
func (h *holders) anothers(q *query, ia *dhcpv6.OptIANA) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, known := h.last[q.boot.MAC]
	return known && last != holderOf(q, ia)
}
