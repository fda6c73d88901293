package dhcp6

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

var (
	epoch     = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	ourServer = netip.MustParseAddr("2001:db8:12::1")
	here      = origin{name: "br0", server: ourServer, local: netip.MustParseAddr("fe80::1")}
	testMAC   = machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x56}
	testID    = [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	errDisk   = errors.New("the disk is full")
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func lab() *machine.Subnet {
	return &machine.Subnet{
		Name: "lab6", Prefix: netip.MustParsePrefix("2001:db8:12::/64"), Site: "lon6",
		Ranges: []machine.Range{{First: ip("2001:db8:12::100"), Last: ip("2001:db8:12::1ff")}},
		Domain: "lon6.example", Mode: machine.ModeServer, Policy: machine.PolicyRegister, Lease: time.Hour,
	}
}

// memory is an inventory without a disk, for tests. broken, when set, is what
// every write answers. The lock is the methods' of Leases and Journal; those of
// lease.View run under it.
type memory struct {
	mu       sync.Mutex
	subnets  []*machine.Subnet
	machines map[machine.MAC]*machine.Machine
	leases   map[netip.Addr]lease.Lease
	latest   map[machine.MAC]netip.Addr // the lease that a client was given last
	offers   map[netip.Addr]machine.MAC
	broken   error
	rows     []journal.Event
	decided  []boot.Answer
	relayed  []machine.Relayed
	noted    chan struct{} // gets a token with each row, if there is room
}

func newMemory(subnets ...*machine.Subnet) *memory {
	return &memory{
		subnets: subnets, machines: map[machine.MAC]*machine.Machine{}, leases: map[netip.Addr]lease.Lease{},
		latest: map[machine.MAC]netip.Addr{}, offers: map[netip.Addr]machine.MAC{}, noted: make(chan struct{}, 1024),
	}
}

func (m *memory) Known(r boot.Request) boot.Known {
	k := boot.Known{Machine: m.machines[r.MAC]}
	for _, s := range m.subnets {
		if s.Name == r.Subnet {
			k.Policy = s.Policy
		}
	}
	return k
}

// regulars are the machines of a memory.
type regulars struct{ m *memory }

func (r regulars) ByMAC(mac machine.MAC) (*machine.Machine, bool) {
	k, ok := r.m.machines[mac]
	return k, ok
}

func (m *memory) SubnetFor(a netip.Addr) (*machine.Subnet, bool) {
	for _, s := range m.subnets {
		if s.Prefix.Contains(a) {
			return s, true
		}
	}
	return nil, false
}

func (m *memory) Subnets() []*machine.Subnet { return m.subnets }

func (m *memory) LeaseOf(subnet string, mac machine.MAC) (lease.Lease, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ByMAC(subnet, mac)
}

func (m *memory) Offer(s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return lease.Lease{}, m.broken
	}
	a, err := lease.Pick(s, c, m, now)
	if err != nil {
		return lease.Lease{}, err
	}
	m.offers[a] = c.MAC
	return lease.New(s, c, a, false, now), nil
}

func (m *memory) Bind(_ context.Context, s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return lease.Lease{}, m.broken
	}
	reserved, err := lease.Check(s, c, m, now)
	if err != nil {
		return lease.Lease{}, err
	}
	l := lease.New(s, c, c.Wants, reserved, now)
	m.leases[l.Address], m.latest[l.MAC] = l, l.Address
	return l, nil
}

func (m *memory) Release(_ context.Context, _ *machine.Subnet, c lease.Client, now time.Time) error {
	return m.end(c, lease.Released, now)
}

func (m *memory) Decline(_ context.Context, _ *machine.Subnet, c lease.Client, now time.Time) error {
	return m.end(c, lease.Declined, now.Add(lease.Probation))
}

func (m *memory) end(c lease.Client, s lease.State, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.leases[c.Wants]
	l.State, l.ExpiresAt = s, until
	m.leases[c.Wants] = l
	return m.broken
}

func (m *memory) ByMAC(subnet string, mac machine.MAC) (lease.Lease, bool) {
	l, ok := m.leases[m.latest[mac]]
	return l, ok && l.MAC == mac && l.Subnet == subnet && l.State != lease.Declined
}

func (m *memory) ByAddress(a netip.Addr) (lease.Lease, bool) {
	l, ok := m.leases[a]
	return l, ok
}

func (m *memory) Reserved(_ string, mac machine.MAC) (netip.Addr, bool) {
	if k := m.machines[mac]; k != nil && k.Address().IsValid() {
		return k.Address(), true
	}
	return netip.Addr{}, false
}

func (m *memory) Owner(a netip.Addr) (machine.MAC, bool) {
	for mac, k := range m.machines {
		if k.Address() == a {
			return mac, true
		}
	}
	return machine.MAC{}, false
}

func (m *memory) Offered(a netip.Addr) (machine.MAC, bool) {
	mac, ok := m.offers[a]
	return mac, ok
}

func (m *memory) Own(a netip.Addr) bool    { return a == ourServer }
func (m *memory) Stale() bool              { return false }
func (m *memory) Answered(netip.Addr) bool { return false }

func (m *memory) Note(e journal.Event) {
	m.mu.Lock()
	m.rows = append(m.rows, e)
	m.mu.Unlock()
	select {
	case m.noted <- struct{}{}:
	default:
	}
}

func (m *memory) Decided(_ boot.Request, a boot.Answer, _ boot.Known) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.decided = append(m.decided, a)
}

func (m *memory) Relayed(r machine.Relayed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.relayed = append(m.relayed, r)
}

func (m *memory) texts() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	texts := make([]string, len(m.rows))
	for i, r := range m.rows {
		texts[i] = r.Text
	}
	return texts
}

// put adds a machine with one interface.
func (m *memory) put(id string, mac machine.MAC, status machine.Status, address string) {
	k := &machine.Machine{ID: id, Name: id, Status: status, NICs: []machine.NIC{{MAC: mac, Boot: true}}}
	if address != "" {
		k.NICs[0].Address = ip(address)
	}
	m.machines[mac] = k
}

// serverOver makes a server that answers from m at the time that clock gives.
func serverOver(m *memory, clock func() time.Time) *Server {
	return New(Config{
		Interfaces: []Interface{{Name: here.name, Address: here.server}}, ID: testID,
		Inventory: m, Leases: m, Journal: m,
		Loader: func(arch uint16) (string, error) {
			if boot.IsEFI(arch) && arch != 6 {
				return "snponly.efi", nil
			}
			return "", fmt.Errorf("architecture %d: no boot loader", arch)
		},
		ScriptURL: func(a netip.Addr, secure bool) string {
			if secure {
				return "https://" + netip.AddrPortFrom(a, 443).String() + "/boot/entry.ipxe"
			}
			return "http://" + netip.AddrPortFrom(a, 80).String() + "/boot/entry.ipxe"
		},
		LoaderURL: func(a netip.Addr, file string) string {
			return "http://" + netip.AddrPortFrom(a, 80).String() + "/boot/loaders/" + file
		},
		Log: slog.New(slog.DiscardHandler), Now: clock, Workers: 4, Queue: 64,
	})
}

func labWith(t testing.TB, changes ...func(*memory)) (*Server, *memory) {
	t.Helper()
	m := newMemory(lab())
	for _, change := range changes {
		change(m)
	}
	return serverOver(m, func() time.Time { return epoch }), m
}
