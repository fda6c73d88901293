package bmcsim

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// Fleet serves many BMCs from one listener and tells them apart by the address
// that was dialled: a listener on every address of 127.0.0.0/8, or of a bridge,
// holds a BMC per address.
type Fleet struct {
	mu   sync.RWMutex
	bmcs map[netip.Addr]*BMC
}

// NewFleet returns a fleet without BMCs.
func NewFleet() *Fleet { return &Fleet{bmcs: map[netip.Addr]*BMC{}} }

// Add puts a BMC at an address, which must be free.
func (f *Fleet) Add(at netip.Addr, b *BMC) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.bmcs[at.Unmap()]; taken {
		return fmt.Errorf("add a BMC: %s already has one", at)
	}
	f.bmcs[at.Unmap()] = b
	return nil
}

// Remove takes the BMC at an address away.
func (f *Fleet) Remove(at netip.Addr) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.bmcs, at.Unmap())
}

// Serve serves the fleet until ctx ends; it closes the listener.
func (f *Fleet) Serve(ctx context.Context, l net.Listener) error { return serve(ctx, l, f, f.at) }

// ServeHTTP hands the request to the BMC that was dialled.
func (f *Fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	b, found := f.at(local)
	if !found {
		panic(http.ErrAbortHandler) // nobody lives here: hang up
	}
	b.ServeHTTP(w, r)
}

func (f *Fleet) at(a net.Addr) (*BMC, bool) {
	tcp, isTCP := a.(*net.TCPAddr)
	if !isTCP {
		return nil, false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	b, found := f.bmcs[tcp.AddrPort().Addr().Unmap()]
	return b, found
}
