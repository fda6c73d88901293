package dhcp6

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/frame"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// Inventory is what the adapter asks of ServerDb. Its answers come from memory.
type Inventory interface {
	Known(boot.Request) boot.Known
	SubnetFor(netip.Addr) (*machine.Subnet, bool)
	Subnets() []*machine.Subnet
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
	// Address is the appliance's own on this network, of IPv6 and routed: its
	// subnet is the clients', and it stands in the URLs that they are given.
	Address netip.Addr
}

// Config is what a Server needs. Everything but the numbers is required.
type Config struct {
	Interfaces []Interface // none: there is no IPv6, and nothing is listened on

	// ID makes the DUID by which clients know us (RFC 6355). It must outlive
	// restarts: who renews asks for it.
	ID [16]byte

	Inventory Inventory
	Leases    Leases
	Journal   Journal
	// Regulars go before others while more comes than can be answered. Without
	// them everybody is a stranger.
	Regulars Regulars

	// Loader gives the file name of the boot loader for an architecture.
	Loader func(arch uint16) (string, error)
	// ScriptURL gives the URL of the script that iPXE runs first; secure: over
	// HTTPS.
	ScriptURL func(server netip.Addr, secure bool) string
	// Secure tells that UEFI boots over HTTPS, by loaders that are keyed.
	Secure bool
	// LoaderURL gives the URL of a boot loader, for UEFI HTTP boot.
	LoaderURL func(server netip.Addr, loader string) string

	// Peers are other DHCPv6 servers that may answer on our networks, by the
	// addresses that they answer from.
	Peers []netip.Addr

	Log *slog.Logger
	Now func() time.Time

	// Workers answer at the same time; each may wait for the disk. Default 128.
	Workers int
	// Queue is how many packets may wait for a worker, of machines and of others.
	// Default 1024.
	Queue int
}

// Server answers on the configured interfaces.
type Server struct {
	cfg       Config
	duid      dhcpv6.DUID
	links     []*link
	queue     *queue
	exchanges *exchange.Open
	others    *exchange.Others
	tape      *exchange.Tape
	holders   holders
	metrics   *metrics
	ready     chan struct{}

	complaints sync.Mutex
	complained time.Time
}

// How many packets are kept, of machines that ServerDb knows and of others.
const (
	tapeKnown     = 16384
	tapeStrangers = 4096
)

// New makes a Server. Listen opens its sockets, Run answers.
func New(cfg Config) *Server {
	if cfg.Workers <= 0 {
		cfg.Workers = 128
	}
	if cfg.Queue <= 0 {
		cfg.Queue = 1024
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	m := newMetrics()
	return &Server{
		cfg:       cfg,
		duid:      &dhcpv6.DUIDUUID{UUID: cfg.ID},
		queue:     newQueue(cfg.Queue, func() { m.dropped[dropQueueFull].Add(1) }),
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
	if len(names) == 0 {
		return "dhcpv6 on no interface"
	}
	return "dhcpv6 on " + strings.Join(names, ", ")
}

// Ready is closed once packets are answered.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Packets gives the DHCPv6 packets of some clients, to us and from us, the
// oldest first: as many as are remembered.
func (s *Server) Packets(clients ...machine.MAC) []frame.Packet { return s.tape.Of(clients...) }

// Listen opens a socket on every interface, so that what stands in the way is
// known before anything starts.
func (s *Server) Listen() error {
	for _, ifc := range s.cfg.Interfaces {
		l, err := openLink(ifc)
		if err != nil {
			s.close()
			return err
		}
		s.links = append(s.links, l)
	}
	return nil
}

// Run answers until ctx ends. Packets that wait then are dropped: their clients
// ask again.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	var readers, workers sync.WaitGroup
	for _, l := range s.links {
		readers.Go(func() { s.read(ctx, l) })
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
		_ = l.heard.SetReadDeadline(time.Unix(1, 0))
	}
	readers.Wait()
	workers.Wait()
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
