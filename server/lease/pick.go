package lease

import (
	"hash/fnv"
	"net/netip"
	"time"

	"firstlight/server/machine"
)

// Pick gives the address to offer to a client, in the order of RFC 2131
// §4.3.1: its reservation, its lease or former lease, the address that it
// wishes for, and then a free one. The free one is searched from a place that
// the MAC gives, so that a client that lost its lease tends to get the same
// address again and two clients seldom meet.
func Pick(s *machine.Subnet, c Client, v View, now time.Time) (netip.Addr, error) {
	if a, ok := reservation(s, c, v, now); ok && !v.Answered(a) {
		return a, nil
	}
	if l, ok := former(s, c, v, now); ok && !v.Answered(l.Address) {
		return l.Address, nil
	}
	if c.Wants.IsValid() && inRanges(s, c.Wants) && free(c.Wants, c, v, now) && !v.Answered(c.Wants) {
		return c.Wants, nil
	}
	return search(s, c, v, now)
}

// Check tells whether a client may have the address that it requests, and
// whether it is its reservation. A client that holds an address gets no second
// one, else one that asks on and on could empty the ranges; but where leases may
// be missing, it may have been given one that nobody remembers.
func Check(s *machine.Subnet, c Client, v View, now time.Time) (reserved bool, err error) {
	if a, ok := reservation(s, c, v, now); ok && a == c.Wants {
		return true, nil
	} else if ok && !v.Stale() {
		return false, ErrNotYours
	}
	if l, ok := former(s, c, v, now); ok && !v.Stale() && l.Holds(now) && l.Address != c.Wants {
		return false, ErrNotYours
	}
	if !inRanges(s, c.Wants) || !free(c.Wants, c, v, now) {
		return false, ErrNotYours
	}
	return false, nil
}

// reservation gives the address that ServerDb keeps for the client, unless
// somebody is on it: a lease from before the reservation must end first, and a
// declined address has a squatter. Until then the client gets a dynamic one.
func reservation(s *machine.Subnet, c Client, v View, now time.Time) (netip.Addr, bool) {
	a, ok := v.Reserved(s.Name, c.MAC)
	return a, ok && free(a, c, v, now)
}

// former gives the client's dynamic lease, running or over, if it may go on.
func former(s *machine.Subnet, c Client, v View, now time.Time) (Lease, bool) {
	l, ok := v.ByMAC(s.Name, c.MAC)
	return l, ok && l.State != Declined && inRanges(s, l.Address) && free(l.Address, c, v, now)
}

// New is the lease that a client gets.
func New(s *machine.Subnet, c Client, a netip.Addr, reserved bool, now time.Time) Lease {
	return Lease{
		Address: a, MAC: c.MAC, ClientID: c.ClientID, Hostname: c.Hostname, Subnet: s.Name,
		State: Bound, Reserved: reserved, Life: s.Lease, ExpiresAt: now.Add(s.Lease), UpdatedAt: now,
	}
}

func inRanges(s *machine.Subnet, a netip.Addr) bool {
	for _, r := range s.Ranges {
		if r.Contains(a) {
			return true
		}
	}
	return false
}

// free tells whether an address may be given to a client.
func free(a netip.Addr, c Client, v View, now time.Time) bool {
	if v.Own(a) {
		return false
	}
	if mac, ok := v.Owner(a); ok && mac != c.MAC {
		return false
	}
	if mac, ok := v.Offered(a); ok && mac != c.MAC {
		return false
	}
	l, ok := v.ByAddress(a)
	return !ok || l.FreeFor(c, now)
}

func search(s *machine.Subnet, c Client, v View, now time.Time) (netip.Addr, error) {
	total := uint32(0)
	for _, r := range s.Ranges {
		total += r.Size()
	}
	if total == 0 {
		return netip.Addr{}, ErrFull
	}
	start := hash(c.MAC) % total
	for i := range total {
		if a := nth(s.Ranges, (start+i)%total); free(a, c, v, now) && !v.Answered(a) {
			return a, nil
		}
	}
	return netip.Addr{}, ErrFull
}

// nth gives the n-th address of ranges.
func nth(ranges []machine.Range, n uint32) netip.Addr {
	for _, r := range ranges {
		if n < r.Size() {
			return add(r.First, n)
		}
		n -= r.Size()
	}
	return netip.Addr{}
}

// add gives the n-th address after a, of either version.
func add(a netip.Addr, n uint32) netip.Addr {
	b := a.AsSlice()
	sum := uint64(n)
	for i := len(b) - 1; i >= 0 && sum > 0; i-- {
		sum += uint64(b[i])
		b[i] = byte(sum)
		sum >>= 8
	}
	to, _ := netip.AddrFromSlice(b) // as long as a
	return to
}

func hash(m machine.MAC) uint32 {
	h := fnv.New32a()
	_, _ = h.Write(m[:]) // a hash never fails
	return h.Sum32()
}
