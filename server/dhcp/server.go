package dhcp

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// Inventory is what the adapter asks of ServerDb. Its answers come from memory.
type Inventory interface {
	Known(boot.Request) boot.Known
	SubnetFor(netip.Addr) (*machine.Subnet, bool)
	Subnets() []*machine.Subnet
	DHCPOptions() *machine.OptionTable
}

// Leases keeps addresses. Bind, Release and Decline return when their change is
// on disk; while nothing can be written, Offer and Bind give a client what is
// left of its own lease, and others an error.
type Leases interface {
	// LeaseOf gives the lease of a client in a subnet, active or not.
	LeaseOf(subnet string, mac machine.MAC) (lease.Lease, bool)
	Offer(s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error)
	Bind(ctx context.Context, s *machine.Subnet, c lease.Client, now time.Time) (lease.Lease, error)
	Release(ctx context.Context, s *machine.Subnet, c lease.Client, now time.Time) error
	Decline(ctx context.Context, s *machine.Subnet, c lease.Client, now time.Time) error
	// Careful tells whether leases may be missing, because an older database was
	// restored.
	Careful(now time.Time) bool
	// Found keeps an address, from which somebody answers, from new clients.
	Found(netip.Addr)
	// Quarantine keeps an address, from which a MAC answers (zero: whose is not
	// known), from everybody for a while. It returns when that is on disk.
	Quarantine(ctx context.Context, s *machine.Subnet, a netip.Addr, by machine.MAC, now time.Time) error
	// Heard keeps in mind that a client takes an address from another server.
	Heard(a netip.Addr, mac machine.MAC, now time.Time)
}

// Prober asks whether somebody has an address: the MAC that answers, where it
// can be told, which it cannot beyond a relay.
type Prober interface {
	Probe(ctx context.Context, q Question) (mac machine.MAC, answered bool)
}

// Question is what a Prober is asked.
type Question struct {
	Interface string
	Server    netip.Addr // our address there
	Address   netip.Addr
	Relayed   bool // the address is in a network behind a relay
}

// Journal takes what happened, after the answer left.
type Journal interface {
	Note(journal.Event)
	Decided(boot.Request, boot.Answer, boot.Known)
	// Relayed takes what a relay says of a client that has an address now.
	Relayed(machine.Relayed)
}

// Interface is one network that is listened on.
type Interface struct {
	Name string
	// Address is the appliance's own on this network: server identifier, next
	// server, and name server where a subnet has none. The zero Addr takes the
	// interface's first.
	Address netip.Addr
	// Address6 is the one of IPv6, by which others serve the network; the zero
	// Addr: nobody does.
	Address6 netip.Addr
}

// Config is what a Server needs. Everything but the numbers is required.
type Config struct {
	Interfaces []Interface // none: there is no IPv4, and nothing is listened on

	Inventory Inventory
	Leases    Leases
	Journal   Journal
	// Regulars go before others while more comes than can be answered. Without
	// them everybody is a stranger.
	Regulars Regulars

	// Loader gives the file name of the boot loader for an architecture; signed:
	// of those that Secure Boot lets run, where there is one.
	Loader func(arch uint16, signed bool) (string, error)
	// OwnLoader gives an iPXE that can do less than what Loader names, such as one
	// in the ROM of a card, that loader first, and the script after it.
	OwnLoader bool
	// ScriptURL gives the URL of the script that iPXE runs first; secure: over
	// HTTPS.
	ScriptURL func(server netip.Addr, secure bool) string
	// Secure tells that UEFI boots over HTTPS, by loaders that are keyed.
	Secure bool
	// LoaderURL gives the URL of a boot loader, for UEFI HTTP boot.
	LoaderURL func(server netip.Addr, loader string) string

	// Probe looks for whoever has an address; the interfaces themselves unless
	// told otherwise.
	Probe Prober

	Log *slog.Logger
	Now func() time.Time

	// Peers are other DHCP servers that may answer on our networks.
	Peers []netip.Addr

	// Workers answer at the same time; each may wait for the disk, which writes
	// all of their leases at once: where it is slow, they are the more. Default 512.
	Workers int
	// Queue is how many packets may wait for a worker. Default 1024.
	Queue int
}

// Server answers on the configured interfaces.
type Server struct {
	cfg       Config
	links     []*link
	homes     []origin // of the links, for as long as the server lives
	queue     *queue
	fairness  *fairness
	exchanges *exchange.Open
	others    *exchange.Others
	tape      *exchange.Tape
	metrics   *metrics
	ready     chan struct{}
	doubts    chan struct{} // one of its places for each offer that waits for a probe; nil: none is probed
	probing   sync.WaitGroup

	complaints sync.Mutex
	complained time.Time
}

// New makes a Server. Listen opens its sockets, Run answers.
func New(cfg Config) *Server {
	if cfg.Workers <= 0 {
		cfg.Workers = 512
	}
	if cfg.Queue <= 0 {
		cfg.Queue = 1024
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Probe == nil {
		cfg.Probe = wireProber{map[string]*neighbours{}}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	m := newMetrics()
	return &Server{
		cfg:       cfg,
		queue:     newQueue(cfg.Queue, cfg.Workers+2*len(cfg.Interfaces), m.overflowed),
		fairness:  newFairness(),
		exchanges: exchange.NewOpen(),
		others:    exchange.NewOthers(),
		tape:      exchange.NewTape(tapeKnown, tapeStrangers, summary),
		metrics:   m,
		ready:     make(chan struct{}),
	}
}

// String names the task.
func (s *Server) String() string {
	names := make([]string, len(s.cfg.Interfaces))
	for i, ifc := range s.cfg.Interfaces {
		names[i] = ifc.Name
	}
	return "dhcp on " + strings.Join(names, ", ")
}

// Ready is closed once packets are answered.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Listen opens a socket on every interface, so that what stands in the way is
// known before anything starts.
func (s *Server) Listen() error {
	for _, ifc := range s.cfg.Interfaces {
		l, err := openLink(ifc)
		if err != nil {
			s.close()
			return err
		}
		if p, ok := s.cfg.Probe.(wireProber); ok {
			p.near[l.name] = l.near
		}
		s.links, s.homes = append(s.links, l), append(s.homes, l.origin)
	}
	s.doubts = make(chan struct{}, maxDoubts)
	return nil
}

// Run answers until ctx ends. Packets that wait then are dropped: their clients
// ask again.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	var readers, workers, senders sync.WaitGroup
	for _, l := range s.links {
		senders.Go(l.deliver)
		readers.Go(func() { s.read(ctx, l, l.udp, serverPort) })
		readers.Go(func() { s.read(ctx, l, l.boot, bootPort) })
		readers.Go(func() { s.overhear(ctx, l) })
	}
	for range s.cfg.Workers {
		workers.Go(func() { s.work(ctx) })
	}
	workers.Go(func() { s.sweepEvery(ctx, exchange.Quiet/4) })
	close(s.ready)

	<-ctx.Done()
	for _, l := range s.links {
		// A deadline in the past wakes the reader; closing under it would let
		// another socket get its number first.
		_ = l.udp.SetReadDeadline(time.Unix(1, 0))
		_ = l.boot.SetReadDeadline(time.Unix(1, 0))
		_ = l.heard.SetReadDeadline(time.Unix(1, 0))
	}
	readers.Wait()
	s.queue.close()
	workers.Wait()
	s.probing.Wait()
	for _, l := range s.links {
		close(l.letters)
	}
	senders.Wait()
	return nil
}

func (s *Server) close() {
	for _, l := range s.links {
		l.close()
	}
	s.links = nil
}

// complain logs at most once a second: what goes wrong for one packet tends to
// go wrong for a thousand. The counters tell how often.
func (s *Server) complain(msg string, args ...any) {
	s.complaints.Lock()
	now := s.cfg.Now()
	quiet := now.Sub(s.complained) < time.Second
	if !quiet {
		s.complained = now
	}
	s.complaints.Unlock()
	if !quiet {
		s.cfg.Log.Error(msg, args...)
	}
}
