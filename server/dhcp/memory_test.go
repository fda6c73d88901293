package dhcp

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
	"firstlight/server/exchange"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

var (
	epoch     = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	ourServer = netip.MustParseAddr("10.80.12.1")
	here      = origin{name: "br0", server: ourServer}
)

const quiet = exchange.Quiet

func lab() *machine.Subnet {
	return &machine.Subnet{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lon6",
		Ranges:  []machine.Range{{First: netip.MustParseAddr("10.80.12.100"), Last: netip.MustParseAddr("10.80.12.199")}},
		Gateway: netip.MustParseAddr("10.80.12.254"), Domain: "lon6.example", Mode: "server",
		Policy: machine.PolicyRegister, Lease: time.Hour,
	}
}

// memory is an inventory without a disk, for tests. broken, when set, is what
// every write answers.
type memory struct {
	mu       sync.Mutex
	subnets  []*machine.Subnet
	options  []*machine.OptionSet
	machines map[machine.MAC]*machine.Machine
	leases   map[netip.Addr]lease.Lease
	latest   map[machine.MAC]netip.Addr // the lease that a client was given last
	offers   map[netip.Addr]machine.MAC
	stale    bool
	answered map[netip.Addr]bool
	heard    map[netip.Addr]machine.MAC
	broken   error
	stall    chan struct{} // when set, writes wait until it is closed
	rows     []journal.Event
	decided  []boot.Answer
	relayed  []machine.Relayed
	noted    chan struct{} // gets a token with each row, if there is room
}

func newMemory(subnets ...*machine.Subnet) *memory {
	return &memory{
		subnets: subnets, machines: map[machine.MAC]*machine.Machine{},
		leases: map[netip.Addr]lease.Lease{}, latest: map[machine.MAC]netip.Addr{}, offers: map[netip.Addr]machine.MAC{},
		answered: map[netip.Addr]bool{}, heard: map[netip.Addr]machine.MAC{},
		noted: make(chan struct{}, 1024),
	}
}

func (m *memory) Known(r boot.Request) boot.Known {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := boot.Known{Machine: m.machines[r.MAC]}
	for _, s := range m.subnets {
		if s.Name == r.Subnet {
			k.Policy, k.SecureBoot = s.Policy, s.SecureBoot
		}
	}
	return k
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

func (m *memory) DHCPOptions() *machine.OptionTable { return machine.NewOptionTable(m.options) }

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

func (m *memory) Bind(ctx context.Context, s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error) {
	if err := m.write(ctx); err != nil {
		return lease.Lease{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	reserved, err := lease.Check(s, c, m, now)
	if err != nil {
		return lease.Lease{}, err
	}
	l := lease.New(s, c, c.Wants, reserved, now)
	m.give(l)
	return l, nil
}

func (m *memory) Release(ctx context.Context, _ *machine.Subnet, c lease.Client, now time.Time) error {
	return m.end(ctx, c, lease.Released, now)
}

func (m *memory) Decline(ctx context.Context, _ *machine.Subnet, c lease.Client, now time.Time) error {
	return m.end(ctx, c, lease.Declined, now.Add(lease.Probation))
}

func (m *memory) end(ctx context.Context, c lease.Client, s lease.State, until time.Time) error {
	if err := m.write(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.leases[c.Wants]
	if !ok || !l.Of(c) || l.State != lease.Bound {
		return nil
	}
	l.State, l.ExpiresAt = s, until
	m.leases[c.Wants] = l
	return nil
}

func (m *memory) write(ctx context.Context) error {
	m.mu.Lock()
	stall, broken := m.stall, m.broken
	m.mu.Unlock()
	if stall != nil {
		select {
		case <-stall:
		case <-ctx.Done():
			return fmt.Errorf("wait for the disk: %w", ctx.Err())
		}
	}
	return broken
}

func (m *memory) ByMAC(subnet string, mac machine.MAC) (lease.Lease, bool) {
	l, ok := m.leases[m.latest[mac]]
	return l, ok && l.MAC == mac && l.Subnet == subnet && l.State != lease.Declined
}

// give stores a lease, which is from now on the client's.
func (m *memory) give(l lease.Lease) {
	m.leases[l.Address], m.latest[l.MAC] = l, l.Address
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

func (m *memory) Own(a netip.Addr) bool { return a == ourServer }

func (m *memory) Stale() bool { return m.stale }

func (m *memory) Careful(time.Time) bool { return m.stale }

func (m *memory) Found(a netip.Addr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answered[a] = true
}

func (m *memory) Quarantine(ctx context.Context, s *machine.Subnet, a netip.Addr, by machine.MAC, now time.Time) error {
	if err := m.write(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leases[a] = lease.Lease{Address: a, MAC: by, Subnet: s.Name, State: lease.Declined, ExpiresAt: now.Add(lease.Probation)}
	return nil
}

func (m *memory) Heard(a netip.Addr, mac machine.MAC, _ time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard[a] = mac
}

func (m *memory) Answered(a netip.Addr) bool { return m.answered[a] }

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
func (m *memory) put(id string, mac machine.MAC, status machine.Status, address string) *machine.Machine {
	k := &machine.Machine{ID: id, Name: id, Status: status, NICs: []machine.NIC{{MAC: mac, Boot: true}}}
	if address != "" {
		k.NICs[0].Address = netip.MustParseAddr(address)
	}
	m.machines[mac] = k
	return k
}

var errDisk = errors.New("the disk is full")

// serverOver makes a server that answers from m at the time that clock gives.
func serverOver(t testing.TB, m *memory, clock func() time.Time) *Server {
	t.Helper()
	return New(Config{
		Interfaces: []Interface{{Name: here.name, Address: here.server}},
		Inventory:  m, Leases: m, Journal: m,
		Loader: func(arch uint16, signed bool) (string, error) {
			switch arch {
			case 0:
				return "undionly.kpxe", nil
			case 7, 16:
				if signed {
					return "shimx64.efi", nil
				}
				return "snponly.efi", nil
			case 9:
				return "snponly.efi", nil
			default:
				return "", fmt.Errorf("architecture %d: no boot loader", arch)
			}
		},
		ScriptURL: func(a netip.Addr, secure bool) string {
			if secure {
				return "https://" + a.String() + "/boot/entry.ipxe"
			}
			return "http://" + a.String() + "/boot/entry.ipxe"
		},
		LoaderURL: func(a netip.Addr, file string) string { return "http://" + a.String() + "/boot/" + file },
		Log:       slog.New(slog.DiscardHandler), Now: clock, Workers: 4, Queue: 64,
	})
}

func atEpoch() time.Time { return epoch }
