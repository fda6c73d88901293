package serverdb

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstlight/server/boot"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

func TestAMachineIsFoundByWhatPeopleKnowOfIt(t *testing.T) {
	d := open(t, file(t), accept("debian-12"))
	m := arrive(t, d, blank(1), 101)
	arrive(t, d, blank(2), 102)
	for _, ref := range []string{m.ID, "FL0001", "fl0001", "lab-node-1", "LAB-NODE-1", "52:54:00:00:00:01", "52-54-00-00-00-01"} {
		if got, err := d.Machine(ref); err != nil || got.ID != m.ID {
			t.Errorf("Machine(%s) = %v, %v", ref, got, err)
		}
	}
	for _, ref := range []string{"", "FL0003", "lab-node-", "52:54:00:00:00:03", "10.80.12.101"} {
		if _, err := d.Machine(ref); !errors.Is(err, machine.ErrNotFound) {
			t.Errorf("Machine(%q) = %v, want ErrNotFound", ref, err)
		}
	}
	sel, err := machine.ParseSelector("serial=FL0002")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Select(t.Context(), sel); err != nil || len(got) != 1 || got[0].Name != "FL0002" {
		t.Errorf("Select(%s) = %v, %v", sel, got, err)
	}
}

func TestWhoIsBehindAnAddress(t *testing.T) {
	now := &clock{now: time.Now()}
	d := openAt(t, file(t), now.Now, accept(""))
	m := arrive(t, d, blank(1), 101)
	s, stranger := d.Subnets()[0], machine.MAC{2, 0, 0, 0, 0, 9}
	for last, mac := range map[int]machine.MAC{150: stranger, 101: m.BootMAC()} {
		if _, err := d.Bind(t.Context(), s, lease.Client{MAC: mac, Wants: from(last)}, now.Now()); err != nil {
			t.Fatal(err)
		}
	}
	who := func(last int, id string, mac machine.MAC) {
		t.Helper()
		if gotID, gotMAC := d.WhoIs(from(last)); gotID != id || gotMAC != mac {
			t.Errorf("WhoIs(%s) = %s, %s; want %s, %s", from(last), gotID, gotMAC, id, mac)
		}
	}
	who(101, m.ID, m.BootMAC())
	who(150, "", stranger)
	who(151, "", machine.MAC{})
	now.advance(2 * time.Hour)
	who(150, "", machine.MAC{}) // a lease that has ended names nobody
	who(101, m.ID, m.BootMAC())
}

func TestOnlyTheClientGivesBackOrDeclines(t *testing.T) {
	now := time.Now()
	d := open(t, file(t))
	s := d.Subnets()[0]
	mine, other := lease.Client{MAC: machine.MAC{2, 0, 0, 0, 0, 1}}, lease.Client{MAC: machine.MAC{2, 0, 0, 0, 0, 2}}
	offer, err := d.Offer(s, mine, now)
	if err != nil {
		t.Fatal(err)
	}
	mine.Wants, other.Wants = offer.Address, offer.Address
	if _, err := d.Bind(t.Context(), s, mine, now); err != nil {
		t.Fatal(err)
	}
	state := func(want lease.State) {
		t.Helper()
		if l, _ := d.book.ByAddress(offer.Address); l.State != want || l.MAC != mine.MAC {
			t.Errorf("the lease is %s, of %s; want %s", l.State, l.MAC, want)
		}
	}
	if _, err := d.Bind(t.Context(), s, other, now); !errors.Is(err, lease.ErrNotYours) {
		t.Errorf("another takes it: %v", err)
	}
	if err := errors.Join(d.Release(t.Context(), s, other, now), d.Decline(t.Context(), s, other, now)); err != nil {
		t.Error(err)
	}
	state(lease.Bound)
	if err := d.Release(t.Context(), s, mine, now); err != nil {
		t.Error(err)
	}
	state(lease.Released)
	if again, err := d.Offer(s, lease.Client{MAC: mine.MAC}, now); err != nil || again.Address != offer.Address {
		t.Errorf("it asks again and is offered %s, %v", again.Address, err)
	}
	if _, err := d.Bind(t.Context(), s, mine, now); err != nil {
		t.Fatal(err)
	}
	if err := d.Decline(t.Context(), s, mine, now); err != nil {
		t.Error(err)
	}
	state(lease.Declined)
	if next, err := d.Offer(s, lease.Client{MAC: mine.MAC}, now); err != nil || next.Address == offer.Address {
		t.Errorf("what it declined is offered again: %s, %v", next.Address, err)
	}
}

// What Decide rests on: the policy for strangers, the open job, and the clash
// when a NIC asks out of another chassis.
func TestWhatIsKnownOfWhoAsks(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 101)
	if k := d.Known(boot.Request{MAC: machine.MAC{2, 0, 0, 0, 0, 9}, Subnet: "lab"}); k.Machine != nil || k.Policy != machine.PolicyRegister || k.Clash != "" {
		t.Errorf("a stranger = %+v", k)
	}
	if k := d.Known(boot.Request{MAC: machine.MAC{2, 0, 0, 0, 0, 9}, Subnet: "elsewhere"}); k.Policy != "" {
		t.Errorf("a stranger from nowhere has policy %q", k.Policy)
	}
	j := &machine.Job{ID: "j", Machine: m.ID, Action: machine.ActionInstall, Status: machine.JobQueued, CreatedAt: time.Now()}
	if err := d.CreateJob(t.Context(), j, nil); err != nil {
		t.Fatal(err)
	}
	swapped := "11111111-0000-0000-0000-000000000001"
	for _, tt := range []struct {
		name, serial, uuid string
		clash              bool
	}{
		{"itself", "FL0001", swapped, false},
		{"firmware that says nothing", "", "", false},
		{"a new board in its chassis", "FL0001", "22222222-0000-0000-0000-000000000001", false},
		{"a serial that was written anew", "FL9999", swapped, false},
		{"a placeholder UUID and another serial", "FL9999", "00000000-0000-0000-0000-000000000000", false},
		{"another chassis", "FL9999", "22222222-0000-0000-0000-000000000001", true},
	} {
		k := d.Known(boot.Request{MAC: m.BootMAC(), Serial: tt.serial, UUID: tt.uuid, Subnet: "lab"})
		if k.Machine == nil || k.Job == nil || k.Job.ID != "j" {
			t.Errorf("%s: %+v", tt.name, k)
		}
		if (k.Clash != "") != tt.clash || tt.clash && !strings.Contains(k.Clash, "belongs to FL0001, but serial FL9999") {
			t.Errorf("%s: clash %q", tt.name, k.Clash)
		}
	}
}

func TestAnEditOfWhatWasReadBefore(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 101)
	rack := func(name string, version int64) error {
		return d.Edit(t.Context(), m.ID, version, "ada", "Moved to "+name, func(m *machine.Machine) error { m.Rack = name; return nil })
	}
	if err := rack("r2", m.Version); err != nil {
		t.Fatal(err)
	}
	if err := rack("r3", m.Version); !errors.Is(err, ErrConflict) {
		t.Errorf("a second edit of one version = %v, want ErrConflict", err)
	}
	if now, _ := d.Machine(m.Name); now.Rack != "r2" {
		t.Errorf("it stands in %s", now.Rack)
	}
	if err := rack("r4", 0); err != nil {
		t.Errorf("an edit that does not care = %v", err)
	}
}

func TestSubnetsThatOverlap(t *testing.T) {
	d := open(t, file(t))
	lab := *d.Subnets()[0]
	inner, twin := lab, lab
	inner.Name, inner.Prefix, inner.Ranges = "inner", netip.MustParsePrefix("10.80.12.0/25"), nil
	twin.Name, twin.Prefix, twin.Ranges = "twin", netip.MustParsePrefix("10.80.0.0/16"), nil
	for _, err := range []error{
		d.PutSubnet(t.Context(), Actor{Name: "ada"}, &inner, anySubnet), d.PutSubnet(t.Context(), Actor{Name: "ada"}, &twin, anySubnet), d.Seed(t.Context(), []*machine.Subnet{&twin}, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), `overlaps 10.80.12.0/24 of subnet lab: give each network one row`) {
			t.Errorf("an overlap = %v", err)
		}
	}
	inner.Prefix = netip.MustParsePrefix("10.90.0.0/25")
	twin.Prefix = netip.MustParsePrefix("10.90.0.0/24")
	if err := d.Seed(t.Context(), []*machine.Subnet{&inner, &twin}, nil); err == nil || len(d.Subnets()) != 1 {
		t.Errorf("two new ones that overlap = %v, %d subnets", err, len(d.Subnets()))
	}
	lab.Domain = "new.example"
	if err := d.PutSubnet(t.Context(), Actor{Name: "ada"}, &lab, anySubnet); err != nil || d.Subnets()[0].Domain != "new.example" {
		t.Errorf("a change of its own row = %v", err)
	}
	audits, err := d.Audits(t.Context(), AuditQuery{Limit: 1})
	if err != nil || len(audits) != 1 || !strings.Contains(audits[0].Before, "lab.example") || !strings.Contains(audits[0].After, "new.example") {
		t.Errorf("the audit has %+v, %v; want before and after", audits, err)
	}
}

// In a subnet where another server gives addresses, an address is whose it was
// heard to be, and moves with what is reported from it.
func TestAddressesOfAnotherServer(t *testing.T) {
	now := &clock{now: time.Now()}
	d := openAt(t, file(t), now.Now, accept(""))
	s := *d.Subnets()[0]
	s.Mode = machine.ModeProxy
	if err := d.PutSubnet(t.Context(), Actor{Name: "ada"}, &s, anySubnet); err != nil {
		t.Fatal(err)
	}
	who := func(last int, id string, mac machine.MAC) {
		t.Helper()
		if gotID, gotMAC := d.WhoIs(from(last)); gotID != id || gotMAC != mac {
			t.Errorf("WhoIs(%s) = %s, %s; want %s, %s", from(last), gotID, gotMAC, id, mac)
		}
	}
	first, second := blank(1), blank(2)
	a := arrive(t, d, first, 101)
	if a.Address() != from(101) {
		t.Errorf("the address is %s", a.Address())
	}
	who(101, a.ID, machine.MAC{}) // the record may be over: it names no interface
	d.Heard(from(101), a.BootMAC(), now.Now())
	who(101, a.ID, a.BootMAC())

	a = arrive(t, d, first, 102) // it was given another one
	if a.Address() != from(102) {
		t.Errorf("the address is %s, want the one that it reported from", a.Address())
	}
	stranger := machine.MAC{2, 0, 0, 0, 0, 9}
	d.Heard(from(102), stranger, now.Now())
	who(102, "", stranger)
	var clash *ClashError
	if _, err := d.Report(t.Context(), second, from(102)); !errors.As(err, &clash) {
		t.Errorf("a report from an address that another was heard to take: %v", err)
	}
	d.Heard(from(102), machine.MAC{0x52, 0x54, 0, 0, 0, 2}, now.Now())
	b := arrive(t, d, second, 102)
	if b.Address() != from(102) {
		t.Errorf("the second machine has %s", b.Address())
	}
	if m, _ := d.Machine(a.ID); m.Address().IsValid() {
		t.Errorf("the first machine still has %s", m.Address())
	}
	now.advance(25 * time.Hour)
	who(102, b.ID, machine.MAC{})
}

// What strangers say is kept up to a bound, the newest of it.
func TestHeardIsBounded(t *testing.T) {
	d := open(t, file(t), accept(""))
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	for i := range maxHeard + 10 {
		d.Heard(at(i), machine.MAC{2}, time.Now().Add(time.Duration(i)))
	}
	if _, ok := d.hearsay.who(at(9), time.Now()); ok || len(d.hearsay.by) != maxHeard || len(d.hearsay.order) != maxHeard {
		t.Errorf("kept %d, %d", len(d.hearsay.by), len(d.hearsay.order))
	}
	if _, ok := d.hearsay.who(at(maxHeard+9), time.Now()); !ok {
		t.Error("the newest is forgotten")
	}
}

// An address from which somebody answers is out of use, also after a restart,
// but one that a client has stays its own.
func TestQuarantine(t *testing.T) {
	path := file(t)
	d := open(t, path, accept(""))
	s, mine, other := d.Subnets()[0], machine.MAC{2, 0, 0, 0, 0, 1}, machine.MAC{2, 0, 0, 0, 0, 9}
	if _, err := d.Bind(t.Context(), s, lease.Client{MAC: mine, Wants: from(151)}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, last := range []int{150, 151} {
		if err := d.Quarantine(t.Context(), s, from(last), other, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, path, accept(""))
	if l, _ := d.LeaseAt(from(150)); l.State != lease.Declined || l.MAC != other {
		t.Errorf("the lease is %+v", l)
	}
	if l, _ := d.LeaseAt(from(151)); l.State != lease.Bound || l.MAC != mine {
		t.Errorf("the client's lease is %+v", l)
	}
	if l, err := d.Offer(s, lease.Client{MAC: machine.MAC{2, 0, 0, 0, 0, 2}, Wants: from(150)}, time.Now()); err != nil || l.Address == from(150) {
		t.Errorf("Offer() = %s, %v", l.Address, err)
	}
}

func anySubnet(*machine.Subnet) error { return nil }
