package lease

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"firstlight/server/machine"

	"pgregory.net/rapid"
)

// site is what random clients do to a book, beside a second reckoning of who may
// be where that knows nothing of how Pick and Check work.
type site struct {
	subnet *machine.Subnet
	book   *book
	now    time.Time
	holder map[netip.Addr]claim // who was told that an address is theirs
	out    map[netip.Addr]time.Time
}

type claim struct {
	mac   machine.MAC
	until time.Time
}

func macs(t *rapid.T) machine.MAC {
	return machine.MAC{0x52, 0x54, 0, 0, 0, byte(rapid.IntRange(1, 9).Draw(t, "client"))}
}

func (s *site) addresses() (all []netip.Addr) {
	for _, r := range s.subnet.Ranges {
		for a := r.First; !r.Last.Less(a); a = a.Next() {
			all = append(all, a)
		}
	}
	return all
}

// taken tells whether an address must not be given to a client.
func (s *site) taken(a netip.Addr, mac machine.MAC) bool {
	if until, ok := s.out[a]; ok && s.now.Before(until) {
		return true
	}
	c, ok := s.holder[a]
	return ok && c.mac != mac && s.now.Before(c.until)
}

// bind does what a store does on Bind.
func (s *site) bind(t *rapid.T, c Client) {
	reserved, err := Check(s.subnet, c, s.book, s.now)
	mine, held := s.holder[c.Wants]
	if err != nil {
		if held && mine.mac == c.MAC && s.now.Before(mine.until) && !s.taken(c.Wants, c.MAC) {
			t.Fatalf("%v lost %v before its end", c.MAC, c.Wants)
		}
		return
	}
	if s.taken(c.Wants, c.MAC) {
		t.Fatalf("%v was given %v, which is taken", c.MAC, c.Wants)
	}
	for a, other := range s.holder {
		if other.mac == c.MAC && a != c.Wants && s.now.Before(other.until) {
			t.Fatalf("%v was given %v and still has %v", c.MAC, c.Wants, a)
		}
	}
	l := New(s.subnet, c, c.Wants, reserved, s.now)
	if want := s.now.Add(time.Hour); l.ExpiresAt != want || !l.Holds(want.Add(-1)) || l.Holds(want) {
		t.Fatalf("lease = %+v, want it to end at %v", l, want)
	}
	s.book.leases[c.Wants] = l
	s.holder[c.Wants] = claim{c.MAC, l.ExpiresAt}
}

func (s *site) discover(t *rapid.T) {
	c := Client{MAC: macs(t)}
	if rapid.Bool().Draw(t, "wishes") {
		c.Wants = rapid.SampledFrom(s.addresses()).Draw(t, "address")
	}
	a, err := Pick(s.subnet, c, s.book, s.now)
	if errors.Is(err, ErrFull) {
		for _, a := range s.addresses() {
			if !s.taken(a, c.MAC) {
				t.Fatalf("%v heard that the subnet is full, but %v is free", c.MAC, a)
			}
		}
		return
	}
	c.Wants = a
	if _, err := Check(s.subnet, c, s.book, s.now); err != nil {
		t.Fatalf("%v was offered %v and may not have it: %v", c.MAC, a, err)
	}
	s.bind(t, c)
}

func (s *site) request(t *rapid.T) {
	s.bind(t, Client{MAC: macs(t), Wants: rapid.SampledFrom(s.addresses()).Draw(t, "address")})
}

// give ends a lease of a client's own, as a store does on RELEASE and DECLINE.
func (s *site) give(t *rapid.T, to State, until time.Time) {
	mac := macs(t)
	l, ok := s.book.ByMAC(s.subnet.Name, mac)
	if !ok || l.State != Bound {
		return
	}
	l.State, l.ExpiresAt = to, until
	s.book.leases[l.Address] = l
	delete(s.holder, l.Address)
	if to == Declined {
		s.out[l.Address] = until
	}
}

// One owner per address, none loses it before its end, a declined address stays
// out for its probation, and an end is exact.
func TestModel(t *testing.T) {
	for _, subnet := range []*machine.Subnet{rack(), rack6()} {
		t.Run(subnet.Prefix.String(), func(t *testing.T) { checkModel(t, subnet) })
	}
}

func checkModel(t *testing.T, subnet *machine.Subnet) {
	rapid.Check(t, func(t *rapid.T) {
		s := &site{subnet, newBook(), now, map[netip.Addr]claim{}, map[netip.Addr]time.Time{}}
		t.Repeat(map[string]func(*rapid.T){
			"discover": s.discover,
			"request":  s.request,
			"release":  func(t *rapid.T) { s.give(t, Released, s.now) },
			"decline":  func(t *rapid.T) { s.give(t, Declined, s.now.Add(Probation)) },
			"wait": func(t *rapid.T) {
				s.now = s.now.Add(time.Duration(rapid.IntRange(1, int(2*time.Hour)).Draw(t, "wait")))
			},
			"wait for days": func(*rapid.T) { s.now = s.now.Add(Probation) },
		})
	})
}
