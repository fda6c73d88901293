package dns

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	miekg "github.com/miekg/dns"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/zone"
)

var ours = zone.Options{Servers: []netip.Addr{netip.MustParseAddr("10.80.12.1"), netip.MustParseAddr("2001:db8::1")}}

// site is a small fleet with all that can be asked for: both families, a zone
// cut out of another with an empty name between the two, a name in capitals.
func site() ([]*machine.Subnet, []*machine.Machine) {
	subnets := []*machine.Subnet{
		subnet("r12", "10.80.12.0/24", "lon6.example"),
		subnet("v6", "2001:db8::/64", "lon6.example"),
		subnet("r20", "10.80.20.64/26", "a.lab.lon6.example"),
	}
	return subnets, []*machine.Machine{
		inUse("C1", "db-1", "10.80.12.17"),
		inUse("C2", "Web-1", "10.80.12.18", "2001:db8::18"),
		inUse("C3", "lab-1", "10.80.20.66"),
	}
}

func subnet(name, prefix, domain string) *machine.Subnet {
	return &machine.Subnet{Name: name, Prefix: netip.MustParsePrefix(prefix), Domain: domain}
}

func inUse(name, host string, addrs ...string) *machine.Machine {
	m := &machine.Machine{ID: "id-" + name, Name: name, Hostname: host, Status: machine.InUse}
	for i, a := range addrs {
		m.NICs = append(m.NICs, machine.NIC{Name: fmt.Sprintf("eth%d", i), MAC: machine.MAC{2, byte(i)}, Address: netip.MustParseAddr(a), Boot: i == 0})
	}
	return m
}

// fleet is n machines in use, 200 in each of as many subnets as it takes.
func fleet(n int) (subnets []*machine.Subnet, machines []*machine.Machine) {
	for i := range n {
		rack, slot := i/200, i%200+2
		net := fmt.Sprintf("10.%d.%d", 64+rack/256, rack%256)
		if slot == 2 {
			subnets = append(subnets, subnet(fmt.Sprintf("r%d", rack), net+".0/24", "lon6.example"))
		}
		machines = append(machines, inUse(fmt.Sprintf("C%06d", i), fmt.Sprintf("lon6-db-%d", i), fmt.Sprintf("%s.%d", net, slot)))
	}
	return subnets, machines
}

// snapshotOf builds and numbers zones as the publisher does.
func snapshotOf(tb testing.TB, subnets []*machine.Subnet, machines []*machine.Machine) *Snapshot {
	tb.Helper()
	zones, problems := zone.Build(subnets, machines, ours)
	if len(problems) > 0 {
		tb.Fatalf("zone.Build(…) problems = %v, want none", problems)
	}
	for i := range zones {
		zones[i].Serial = 7
	}
	return NewSnapshot(zones, nil)
}

// started is a server on a free loopback port with the given snapshot.
func started(tb testing.TB, s *Snapshot, listenOn ...string) *Server {
	tb.Helper()
	if len(listenOn) == 0 {
		listenOn = []string{"127.0.0.1:0"}
	}
	c := Config{NSID: "lon6-a", Log: slog.New(slog.DiscardHandler)}
	for _, l := range listenOn {
		c.Listen = append(c.Listen, netip.MustParseAddrPort(l))
	}
	server := New(c)
	run(tb, server)
	if s != nil {
		server.Publish(s)
		<-server.Ready()
	}
	return server
}

// run runs a server until the test ends.
func run(tb testing.TB, server *Server) {
	tb.Helper()
	if err := server.Listen(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				tb.Errorf("Run(…) = %v, want nil", err)
			}
		case <-time.After(5 * time.Second):
			tb.Error("Run does not return within 5 s of its context's end")
		}
	})
}

// exchangeWith asks over a transport and fails the test when nothing comes. It
// may be called by any goroutine: what it gives then is an empty message.
func exchangeWith(tb testing.TB, server *Server, network, name string, typ uint16) *miekg.Msg {
	tb.Helper()
	q := new(miekg.Msg).SetQuestion(name, typ)
	c := miekg.Client{Net: network, Timeout: 5 * time.Second}
	r, _, err := c.ExchangeContext(tb.Context(), q, reachable(server.Addrs()[0]).String())
	if err != nil {
		tb.Errorf("ask %s for %s over %s: %v", server.Addrs()[0], name, network, err)
		return new(miekg.Msg)
	}
	return r
}

// database is a Source whose machines can be changed.
type database struct {
	hub      journal.Hub
	mu       sync.Mutex
	subnets  []*machine.Subnet
	machines []*machine.Machine
}

func (d *database) Machines() []*machine.Machine {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.machines)
}

func (d *database) Subnets() []*machine.Subnet {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.subnets
}

func (d *database) Watch(room int) *journal.Watcher { return d.hub.Watch(room) }

// serve replaces the subnets.
func (d *database) serve(subnets []*machine.Subnet) {
	d.mu.Lock()
	d.subnets = subnets
	d.mu.Unlock()
	d.hub.Publish(journal.Signal{})
}

// change replaces a machine's record, as serverdb does, and signals it.
func (d *database) change(name string, change func(*machine.Machine)) {
	d.changeUnsaid(name, change)
	d.hub.Publish(journal.Signal{Machine: "id-" + name})
}

// changeUnsaid changes and does not signal it.
func (d *database) changeUnsaid(name string, change func(*machine.Machine)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, m := range d.machines {
		if m.Name == name {
			m = m.Clone()
			change(m)
			d.machines[i] = m
		}
	}
}
