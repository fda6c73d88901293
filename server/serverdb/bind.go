package serverdb

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

// holderPatience is how long a client that has its lease waits for the disk to
// write it anew, half of the time after which it asks again (RFC 2131 §4.1).
const holderPatience = 2 * time.Second

// Offer picks an address for a client and keeps it for some seconds. While the
// database is away that is what is left of the client's own lease, or ErrAway.
func (d *DB) Offer(s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error) {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	v := view{d, s, now}
	a, err := lease.Pick(s, c, v, now)
	if err != nil {
		return lease.Lease{}, err
	}
	if d.Away() != nil {
		if rest, ok := d.book.rest(a, c, now); ok {
			return rest, nil
		}
		return lease.Lease{}, machine.ErrAway
	}
	d.book.hold(a, c.MAC, now)
	_, reserved := v.Reserved(s.Name, c.MAC)
	return lease.New(s, c, a, reserved, now), nil
}

// Bind gives a client the address that it wants, and returns once the lease is
// on disk. lease.ErrNotYours tells that it may not have it. A client that has it
// already gets what is left of its lease, which is on disk, while nothing can be
// written; any other gets ErrAway.
func (d *DB) Bind(ctx context.Context, s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error) {
	d.book.mu.Lock()
	reserved, err := d.claim(s, c, now)
	rest, holds := d.book.rest(c.Wants, c, now)
	d.book.mu.Unlock()
	if err != nil {
		return lease.Lease{}, err
	}
	l := lease.New(s, c, c.Wants, reserved, now)
	switch {
	case holds:
		return d.extend(ctx, rest, l)
	case d.Away() != nil:
		return lease.Lease{}, machine.ErrAway // the writer finds out when it is back, not whoever asks
	default:
		return l, d.saveLease(ctx, l)
	}
}

// extend writes a lease anew, and gives what is left of the old one where the
// disk does not answer in time. If it does later, the client counts less than
// there is on disk, which is safe.
func (d *DB) extend(ctx context.Context, rest, l lease.Lease) (lease.Lease, error) {
	if d.Away() != nil {
		return rest, nil
	}
	ctx, cancel := context.WithTimeout(ctx, holderPatience)
	defer cancel()
	select {
	case err := <-d.enter(d.leaseOp(ctx, l)):
		if errors.Is(err, machine.ErrAway) || errors.Is(err, context.DeadlineExceeded) {
			return rest, nil
		}
		return l, err
	case <-ctx.Done():
		return rest, nil
	}
}

// claim keeps an address for a client that may have it; the book is locked.
func (d *DB) claim(s *machine.Subnet, c lease.Client, now time.Time) (reserved bool, err error) {
	if reserved, err = lease.Check(s, c, view{d, s, now}, now); err == nil {
		d.book.hold(c.Wants, c.MAC, now)
	}
	return reserved, err
}

// rest gives what is left of a client's lease on disk, unless that is about to
// end there; the book is locked.
func (b *book) rest(a netip.Addr, c lease.Client, now time.Time) (lease.Lease, bool) {
	l, ok := b.byAddress[a].Rest(c, now)
	return l, ok && !b.ending[a]
}

// end takes note that a client gives its address back.
func (b *book) end(a netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ending[a] = true
}
