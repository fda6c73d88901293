package network

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// lease is an address on a NIC, for a time.
type lease struct {
	nic    string
	since  time.Time
	prefix netip.Prefix
	router net.IP // nil: there is none, or it announces itself (RFC 4861)
	dns    []net.IP
	// length is how long the address is good for, t1 when to ask again; 0: as the
	// protocol has it.
	length, t1 time.Duration
	// kernel tells that the kernel has put the address on the NIC, and keeps it.
	kernel bool
	// renew asks for more of the same address. late tells that it is past T2, and
	// another server may answer.
	renew func(ctx context.Context, late bool) (*lease, error)
}

// times are the moments of a lease.
type times struct{ renew, rebind, expire time.Time }

// momentsOf reads a lease's T1, T2 and end; T1 is half the lease unless said, T2
// seven eighths of it (RFC 2131 §4.4.5).
func momentsOf(l *lease) times {
	t1 := l.t1
	if t1 <= 0 || t1 >= l.length {
		t1 = l.length / 2
	}
	return times{renew: l.since.Add(t1), rebind: l.since.Add(l.length / 8 * 7), expire: l.since.Add(l.length)}
}
