package serverdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

// offerLife is how long an address that was offered waits for its request.
const offerLife = 30 * time.Second

// book holds every lease in memory, and the offers, which need not survive a
// restart: a client whose offer is forgotten begins again.
type book struct {
	mu        sync.Mutex
	byAddress map[netip.Addr]lease.Lease
	byMAC     map[string]map[machine.MAC]netip.Addr // by subnet
	offers    map[netip.Addr]offer
	held      []expiry            // the oldest first
	answered  map[netip.Addr]bool // somebody is on it whose lease is not known
	ending    map[netip.Addr]bool // its client gave it back, which may not be on disk yet
}

// expiry is when an offer is over.
type expiry struct {
	address netip.Addr
	until   time.Time
}

type offer struct {
	mac   machine.MAC
	until time.Time
}

func (b *book) init() {
	b.byAddress = map[netip.Addr]lease.Lease{}
	b.byMAC = map[string]map[machine.MAC]netip.Addr{}
	b.offers = map[netip.Addr]offer{}
	b.answered = map[netip.Addr]bool{}
	b.ending = map[netip.Addr]bool{}
}

// load takes the newest last: a client may have had another address before.
func (b *book) load(all []lease.Lease) {
	slices.SortFunc(all, func(a, b lease.Lease) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	b.apply(all)
}

// apply puts committed leases in place.
func (b *book) apply(all []lease.Lease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range all {
		if old, ok := b.byAddress[l.Address]; ok && b.byMAC[old.Subnet][old.MAC] == l.Address {
			delete(b.byMAC[old.Subnet], old.MAC)
		}
		b.byAddress[l.Address] = l
		if b.byMAC[l.Subnet] == nil {
			b.byMAC[l.Subnet] = map[machine.MAC]netip.Addr{}
		}
		if l.State != lease.Declined {
			b.byMAC[l.Subnet][l.MAC] = l.Address
		}
		if l.State == lease.Bound {
			delete(b.ending, l.Address)
		}
	}
}

// ByAddress gives the lease of an address.
func (b *book) ByAddress(a netip.Addr) (lease.Lease, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.byAddress[a]
	return l, ok
}

// LeaseAt gives the lease of an address.
func (d *DB) LeaseAt(a netip.Addr) (lease.Lease, bool) { return d.book.ByAddress(a) }

// hold keeps an address for a client until its lease is on disk, and forgets what
// was kept for long enough: each hold as much as others added, so that a storm
// costs no more than its size.
func (b *book) hold(a netip.Addr, mac machine.MAC, now time.Time) {
	o := offer{mac, now.Add(offerLife)}
	b.offers[a] = o
	b.held = append(b.held, expiry{a, o.until})
	for len(b.held) > 0 && now.After(b.held[0].until) {
		if h := b.held[0]; b.offers[h.address].until.Equal(h.until) { // else it was kept anew
			delete(b.offers, h.address)
		}
		b.held = b.held[1:]
	}
}

// view is what lease.Pick and lease.Check see; the book is locked.
type view struct {
	d   *DB
	s   *machine.Subnet
	now time.Time
}

func (v view) ByMAC(subnet string, mac machine.MAC) (lease.Lease, bool) {
	a, ok := v.d.book.byMAC[subnet][mac]
	return v.d.book.byAddress[a], ok
}

func (v view) ByAddress(a netip.Addr) (lease.Lease, bool) {
	l, ok := v.d.book.byAddress[a]
	return l, ok
}

func (v view) Reserved(_ string, mac machine.MAC) (netip.Addr, bool) {
	m := v.d.index.mac(mac)
	if m == nil {
		return netip.Addr{}, false
	}
	for _, n := range m.NICs {
		if n.MAC == mac && n.Address.IsValid() && v.s.Prefix.Contains(n.Address) {
			return n.Address, true
		}
	}
	return netip.Addr{}, false
}

func (v view) Owner(a netip.Addr) (machine.MAC, bool) {
	m := v.d.index.address(a)
	if m == nil {
		return v.earned(a)
	}
	for _, n := range m.NICs {
		if n.Address == a {
			return n.MAC, true
		}
	}
	return machine.MAC{}, false
}

// earned tells the machine that an IPv6 address was leased to last: it stays the
// machine's own when the lease is over. An interface with both versions has its
// IPv4 address in ServerDb, and no place there for another.
func (v view) earned(a netip.Addr) (machine.MAC, bool) {
	l, ok := v.d.book.byAddress[a]
	if !ok || !a.Is6() || v.d.book.byMAC[l.Subnet][l.MAC] != a || v.d.index.mac(l.MAC) == nil {
		return machine.MAC{}, false
	}
	return l.MAC, true
}

func (v view) Offered(a netip.Addr) (machine.MAC, bool) {
	o, ok := v.d.book.offers[a]
	return o.mac, ok && v.now.Before(o.until)
}

func (v view) Own(a netip.Addr) bool {
	if a == v.s.Gateway || v.d.ownAddress(a) {
		return true
	}
	if slices.Contains(v.s.DNS, a) {
		return true
	}
	return a == v.s.Prefix.Addr()
}

func (v view) Stale() bool { return v.d.Careful(v.now) }

func (v view) Answered(a netip.Addr) bool { return v.d.book.answered[a] && v.Stale() }

// Release takes an address back; its client gets it again when it asks.
func (d *DB) Release(ctx context.Context, _ *machine.Subnet, c lease.Client, now time.Time) error {
	l, ok := d.book.ByAddress(c.Wants)
	if !ok || !l.Of(c) || l.State != lease.Bound {
		return nil
	}
	l.State, l.UpdatedAt = lease.Released, now
	d.book.end(l.Address)
	return d.saveLease(ctx, l)
}

// Decline keeps an address out of use: its client found somebody else on it.
func (d *DB) Decline(ctx context.Context, s *machine.Subnet, c lease.Client, now time.Time) error {
	l, ok := d.book.ByAddress(c.Wants)
	if !ok || !l.Of(c) || l.State != lease.Bound {
		return nil // nobody may quarantine an address that is not theirs
	}
	l.State, l.ExpiresAt, l.UpdatedAt, l.Subnet = lease.Declined, now.Add(lease.Probation), now, s.Name
	d.book.end(l.Address)
	return d.saveLease(ctx, l)
}

// Quarantine keeps an address out of use for a while, because somebody answers
// from it: a MAC, or zero where it is not known whose. An address that was
// leased meanwhile stays its client's.
func (d *DB) Quarantine(ctx context.Context, s *machine.Subnet, a netip.Addr, by machine.MAC, now time.Time) error {
	l := lease.Lease{Address: a, MAC: by, Subnet: s.Name, State: lease.Declined, Life: lease.Probation, ExpiresAt: now.Add(lease.Probation), UpdatedAt: now}
	err := d.saveLease(ctx, l)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

// saveLease writes a lease. Whoever claimed its address may have waited for the
// disk for longer than the address was kept for it, and memory may have learnt
// since whose it is now.
func (d *DB) saveLease(ctx context.Context, l lease.Lease) error {
	return <-d.enter(d.leaseOp(ctx, l))
}

func (d *DB) leaseOp(ctx context.Context, l lease.Lease) *op {
	return &op{ctx: ctx, one: true, fn: func(w *Write) error {
		was := w.lease(l.Address)
		if !was.FreeFor(lease.Client{MAC: l.MAC}, l.UpdatedAt) {
			return fmt.Errorf("lease %s went to %s: %w", l.Address, was.MAC, ErrConflict)
		}
		l.Version = was.Version + 1
		err := w.tx.PutLease(l, was.Version)
		switch {
		case err == nil:
			w.own.leases = append(w.own.leases, l)
		case errors.Is(err, ErrConflict):
			err = cmp.Or(w.meetLease(l.Address), err)
		}
		return err
	}}
}

// Leases gives all of them.
func (d *DB) Leases() []lease.Lease {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	all := make([]lease.Lease, 0, len(d.book.byAddress))
	for _, l := range d.book.byAddress {
		all = append(all, l)
	}
	return all
}

// BusyError tells that a machine has an open job already.
type BusyError struct{ Job *machine.Job }

func (e *BusyError) Error() string {
	return "the machine has an open job already: " + string(e.Job.Action) + " " + e.Job.ID
}

// errNoSubnet is a registration from nowhere that we serve.
var errNoSubnet = errors.New("the report comes from an address in no subnet of ours")

// LeaseOf gives the lease of a client in a subnet, active or not.
func (d *DB) LeaseOf(subnet string, mac machine.MAC) (lease.Lease, bool) {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	a, ok := d.book.byMAC[subnet][mac]
	return d.book.byAddress[a], ok
}
