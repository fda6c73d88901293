package lease

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"firstlight/server/machine"
)

var (
	now    = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	mine   = machine.MAC{0x52, 0x54, 0, 0, 0, 1}
	theirs = machine.MAC{0x52, 0x54, 0, 0, 0, 2}
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// rack is a subnet with four dynamic addresses in two ranges.
func rack() *machine.Subnet {
	return &machine.Subnet{
		Name: "rack", Prefix: netip.MustParsePrefix("10.0.0.0/24"), Lease: time.Hour, Mode: "server",
		Ranges: []machine.Range{{First: ip("10.0.0.10"), Last: ip("10.0.0.11")}, {First: ip("10.0.0.20"), Last: ip("10.0.0.21")}},
	}
}

// rack6 is the same of IPv6; its first range crosses a border of 256 addresses.
func rack6() *machine.Subnet {
	s := rack()
	s.Prefix = netip.MustParsePrefix("2001:db8::/64")
	s.Ranges = []machine.Range{{First: ip("2001:db8::ff"), Last: ip("2001:db8::100")}, {First: ip("2001:db8::1:20"), Last: ip("2001:db8::1:21")}}
	return s
}

// Every address of the ranges is found, and no other.
func TestNth(t *testing.T) {
	s := rack6()
	var got []netip.Addr
	for n := range uint32(4) {
		got = append(got, nth(s.Ranges, n))
	}
	want := []netip.Addr{ip("2001:db8::ff"), ip("2001:db8::100"), ip("2001:db8::1:20"), ip("2001:db8::1:21")}
	if !slices.Equal(got, want) || nth(s.Ranges, 4).IsValid() {
		t.Errorf("nth() = %v and %v, want %v and none", got, nth(s.Ranges, 4), want)
	}
	if a := add(ip("2001:db8::ffff:ffff"), 1); a != ip("2001:db8::1:0:0") {
		t.Errorf("add() = %v", a)
	}
}

// book is a View in memory.
type book struct {
	leases   map[netip.Addr]Lease
	reserved map[machine.MAC]netip.Addr
	offered  map[netip.Addr]machine.MAC
	own      map[netip.Addr]bool
	stale    bool
	answered map[netip.Addr]bool
}

func newBook() *book {
	return &book{
		leases: map[netip.Addr]Lease{}, reserved: map[machine.MAC]netip.Addr{}, offered: map[netip.Addr]machine.MAC{},
		own: map[netip.Addr]bool{}, answered: map[netip.Addr]bool{},
	}
}

func (b *book) ByMAC(subnet string, mac machine.MAC) (found Lease, ok bool) {
	for _, l := range b.leases {
		if l.MAC == mac && l.Subnet == subnet && l.State != Declined && (!ok || newer(l, found)) {
			found, ok = l, true
		}
	}
	return found, ok
}

// newer orders a client's leases; of two of one moment the bound one is newer.
func newer(a, b Lease) bool {
	return a.UpdatedAt.After(b.UpdatedAt) || a.UpdatedAt.Equal(b.UpdatedAt) && a.State == Bound
}

func (b *book) ByAddress(a netip.Addr) (Lease, bool) { l, ok := b.leases[a]; return l, ok }
func (b *book) Reserved(_ string, mac machine.MAC) (netip.Addr, bool) {
	a, ok := b.reserved[mac]
	return a, ok
}

func (b *book) Owner(a netip.Addr) (machine.MAC, bool) {
	for mac, r := range b.reserved {
		if r == a {
			return mac, true
		}
	}
	return machine.MAC{}, false
}

func (b *book) Offered(a netip.Addr) (machine.MAC, bool) { mac, ok := b.offered[a]; return mac, ok }
func (b *book) Own(a netip.Addr) bool                    { return b.own[a] }
func (b *book) Stale() bool                              { return b.stale }
func (b *book) Answered(a netip.Addr) bool               { return b.answered[a] }

// lease puts a lease in, with the time that it has left.
func (b *book) lease(a string, mac machine.MAC, s State, left time.Duration) {
	b.leases[ip(a)] = Lease{Address: ip(a), MAC: mac, Subnet: "rack", State: s, ExpiresAt: now.Add(left), UpdatedAt: now}
}

func TestPick(t *testing.T) {
	for _, tt := range []struct {
		name  string
		wants string
		setup func(*book)
		want  string // empty: ErrFull
	}{
		{"a machine of ServerDb gets its own address", "", func(b *book) { b.reserved[mine] = ip("10.0.0.50") }, "10.0.0.50"},
		{"even when it wishes for another", "10.0.0.10", func(b *book) { b.reserved[mine] = ip("10.0.0.50") }, "10.0.0.50"},
		{"even when it holds another", "", func(b *book) {
			b.reserved[mine] = ip("10.0.0.50")
			b.lease("10.0.0.11", mine, Bound, time.Minute)
		}, "10.0.0.50"},
		{"not while a lease from before holds it", "10.0.0.21", func(b *book) {
			b.reserved[mine] = ip("10.0.0.11")
			b.lease("10.0.0.11", theirs, Bound, time.Minute)
		}, "10.0.0.21"},
		{"not while a squatter is on it", "10.0.0.21", func(b *book) {
			b.reserved[mine] = ip("10.0.0.50")
			b.lease("10.0.0.50", mine, Declined, time.Minute)
		}, "10.0.0.21"},
		{"a client gets the lease that it has", "10.0.0.20", func(b *book) { b.lease("10.0.0.11", mine, Bound, time.Minute) }, "10.0.0.11"},
		{"and the one that it had", "10.0.0.20", func(b *book) { b.lease("10.0.0.11", mine, Bound, -time.Hour) }, "10.0.0.11"},
		{"and the one that it gave back", "", func(b *book) { b.lease("10.0.0.11", mine, Released, time.Minute) }, "10.0.0.11"},
		{"but not the one that it declined", "10.0.0.20", func(b *book) { b.lease("10.0.0.11", mine, Declined, time.Minute) }, "10.0.0.20"},
		{"nor one that lies in no range any more", "10.0.0.20", func(b *book) { b.lease("10.0.0.99", mine, Bound, time.Minute) }, "10.0.0.20"},
		{"nor one that another has meanwhile", "10.0.0.20", func(b *book) {
			b.lease("10.0.0.11", mine, Bound, -time.Hour)
			b.offered[ip("10.0.0.11")] = theirs
		}, "10.0.0.20"},
		{"a wish is granted when it is free", "10.0.0.21", nil, "10.0.0.21"},
		{"a lease that is over leaves its address free", "10.0.0.21", func(b *book) { b.lease("10.0.0.21", theirs, Bound, 0) }, "10.0.0.21"},
		{"a released lease does too", "10.0.0.21", func(b *book) { b.lease("10.0.0.21", theirs, Released, time.Hour) }, "10.0.0.21"},
		{"a declined address is out of use", "10.0.0.21", func(b *book) {
			b.lease("10.0.0.21", theirs, Declined, time.Second)
			b.lease("10.0.0.10", theirs, Bound, time.Second)
			b.lease("10.0.0.11", theirs, Bound, time.Second)
		}, "10.0.0.20"},
		{"and comes back after its probation", "10.0.0.21", func(b *book) { b.lease("10.0.0.21", theirs, Declined, 0) }, "10.0.0.21"},
		{"addresses of ours, of others and those on offer are left out", "10.0.0.10", func(b *book) {
			b.own[ip("10.0.0.10")] = true
			b.reserved[theirs] = ip("10.0.0.11")
			b.offered[ip("10.0.0.20")] = theirs
		}, "10.0.0.21"},
		{"an address on offer to the client stays on offer to it", "10.0.0.21", func(b *book) { b.offered[ip("10.0.0.21")] = mine }, "10.0.0.21"},
		{"a full subnet says so", "", func(b *book) {
			for _, a := range []string{"10.0.0.10", "10.0.0.11", "10.0.0.20", "10.0.0.21"} {
				b.lease(a, theirs, Bound, time.Second)
			}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBook()
			if tt.setup != nil {
				tt.setup(b)
			}
			c := Client{MAC: mine}
			if tt.wants != "" {
				c.Wants = ip(tt.wants)
			}
			got, err := Pick(rack(), c, b, now)
			if tt.want == "" {
				if !errors.Is(err, ErrFull) {
					t.Errorf("Pick() = %v, %v, want ErrFull", got, err)
				}
				return
			}
			if err != nil || got != ip(tt.want) {
				t.Errorf("Pick() = %v, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestPickWithoutRanges(t *testing.T) {
	s := rack()
	s.Ranges = nil
	if a, err := Pick(s, Client{MAC: mine}, newBook(), now); !errors.Is(err, ErrFull) {
		t.Errorf("Pick() = %v, %v, want ErrFull", a, err)
	}
}

func TestPickIsSteady(t *testing.T) {
	first, _ := Pick(rack(), Client{MAC: mine}, newBook(), now)
	if again, _ := Pick(rack(), Client{MAC: mine}, newBook(), now); again != first {
		t.Errorf("Pick() = %v, then %v", first, again)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name     string
		wants    string
		setup    func(*book)
		reserved bool
		refused  bool
	}{
		{"its reservation", "10.0.0.50", func(b *book) { b.reserved[mine] = ip("10.0.0.50") }, true, false},
		{"another than its reservation", "10.0.0.10", func(b *book) { b.reserved[mine] = ip("10.0.0.50") }, false, true},
		{"a dynamic one while its reservation is taken", "10.0.0.10", func(b *book) {
			b.reserved[mine] = ip("10.0.0.50")
			b.lease("10.0.0.50", theirs, Bound, time.Minute)
		}, false, false},
		{"its reservation while that is taken", "10.0.0.50", func(b *book) {
			b.reserved[mine] = ip("10.0.0.50")
			b.lease("10.0.0.50", theirs, Bound, time.Minute)
		}, false, true},
		{"its own lease", "10.0.0.10", func(b *book) { b.lease("10.0.0.10", mine, Bound, time.Minute) }, false, false},
		{"a second address", "10.0.0.11", func(b *book) { b.lease("10.0.0.10", mine, Bound, time.Minute) }, false, true},
		{"another address after its lease ended", "10.0.0.11", func(b *book) { b.lease("10.0.0.10", mine, Bound, 0) }, false, false},
		{"a free address in the ranges", "10.0.0.20", nil, false, false},
		{"an address outside of the ranges", "10.0.0.15", nil, false, true},
		{"somebody else's lease", "10.0.0.10", func(b *book) { b.lease("10.0.0.10", theirs, Bound, time.Second) }, false, true},
		{"somebody else's reservation", "10.0.0.10", func(b *book) { b.reserved[theirs] = ip("10.0.0.10") }, false, true},
		{"an address that it declined", "10.0.0.10", func(b *book) { b.lease("10.0.0.10", mine, Declined, time.Second) }, false, true},
		{"no address", "0.0.0.0", nil, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBook()
			if tt.setup != nil {
				tt.setup(b)
			}
			reserved, err := Check(rack(), Client{MAC: mine, Wants: ip(tt.wants)}, b, now)
			if errors.Is(err, ErrNotYours) != tt.refused || err != nil && !tt.refused || reserved != tt.reserved {
				t.Errorf("Check(%s) = %v, %v, want %v, refused %v", tt.wants, reserved, err, tt.reserved, tt.refused)
			}
		})
	}
}

func TestHolds(t *testing.T) {
	for _, tt := range []struct {
		name string
		l    Lease
		want bool
	}{
		{"a lease holds to its last moment", Lease{State: Bound, ExpiresAt: now.Add(1)}, true},
		{"and not at its end", Lease{State: Bound, ExpiresAt: now}, false},
		{"a released one never", Lease{State: Released, ExpiresAt: now.Add(time.Hour)}, false},
		{"a declined one holds", Lease{State: Declined, ExpiresAt: now.Add(1)}, true},
		{"no lease holds nothing", Lease{}, false},
	} {
		if got := tt.l.Holds(now); got != tt.want {
			t.Errorf("%s: Holds() = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRest(t *testing.T) {
	mine, other := Client{MAC: machine.MAC{2, 1}}, machine.MAC{2, 2}
	for _, tt := range []struct {
		name string
		l    Lease
		want bool
	}{
		{"a minute is worth giving", Lease{MAC: mine.MAC, State: Bound, ExpiresAt: now.Add(time.Minute)}, true},
		{"less is not", Lease{MAC: mine.MAC, State: Bound, ExpiresAt: now.Add(time.Minute - 1)}, false},
		{"another's is not", Lease{MAC: other, State: Bound, ExpiresAt: now.Add(time.Hour)}, false},
		{"a released one has none", Lease{MAC: mine.MAC, State: Released, ExpiresAt: now.Add(time.Hour)}, false},
		{"nor a declined one", Lease{MAC: mine.MAC, State: Declined, ExpiresAt: now.Add(time.Hour)}, false},
		{"no lease has none", Lease{}, false},
	} {
		got, ok := tt.l.Rest(mine, now)
		if ok != tt.want || !got.ExpiresAt.Equal(tt.l.ExpiresAt) || ok && got.Life != time.Minute {
			t.Errorf("%s: Rest() = %+v, %v, want %v", tt.name, got, ok, tt.want)
		}
	}
}

// After an older database was restored, a client keeps what it has although the
// book knows another lease of it, and nobody is given an address that somebody
// answers from.
func TestAStaleBook(t *testing.T) {
	b := newBook()
	b.lease("10.0.0.10", mine, Bound, time.Hour)
	b.reserved[theirs] = ip("10.0.0.11")
	b.stale = true
	for _, tt := range []struct {
		client machine.MAC
		wants  string
		err    error
	}{
		{mine, "10.0.0.20", nil},           // given after the backup
		{mine, "10.0.0.10", nil},           // as the book says
		{mine, "10.0.0.11", ErrNotYours},   // reserved for another
		{theirs, "10.0.0.10", ErrNotYours}, // leased to another
		{theirs, "10.0.0.21", nil},         // beside its reservation
		{mine, "10.0.0.99", ErrNotYours},   // in no range
	} {
		if _, err := Check(rack(), Client{MAC: tt.client, Wants: ip(tt.wants)}, b, now); !errors.Is(err, tt.err) {
			t.Errorf("Check(%s wants %s) = %v, want %v", tt.client, tt.wants, err, tt.err)
		}
	}
	for _, taken := range []string{"10.0.0.10", "10.0.0.11", "10.0.0.20"} {
		b.answered[ip(taken)] = true
		for _, mac := range []machine.MAC{mine, theirs} {
			if a, err := Pick(rack(), Client{MAC: mac, Wants: ip(taken)}, b, now); err != nil || b.answered[a] {
				t.Errorf("Pick(%s) = %s, %v although somebody answers from it", mac, a, err)
			}
		}
	}
}
