package dns

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/zone"
)

func TestListenSaysWhatIsWrong(t *testing.T) {
	taken := started(t, nil).Addrs()[0]
	for name, c := range map[string]struct {
		listen []netip.AddrPort
		err    error
		says   string
	}{
		"the port is taken":             {[]netip.AddrPort{taken}, syscall.EADDRINUSE, "another name server has this port"},
		"one of all addresses is taken": {[]netip.AddrPort{netip.AddrPortFrom(netip.IPv4Unspecified(), taken.Port())}, syscall.EADDRINUSE, "systemd-resolved"},
		"the address is nobody's":       {[]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:5353")}, syscall.EADDRNOTAVAIL, "no interface of this machine has this address"},
		"a later address is wrong":      {[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0"), taken}, syscall.EADDRINUSE, taken.String()},
		"no address is given":           {nil, nil, "no address is given"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{Listen: c.listen, Log: slog.New(slog.DiscardHandler)})
			err := s.Listen(t.Context())
			if err == nil || c.err != nil && !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Listen(%v) = %v, want %v and %q", c.listen, err, c.err, c.says)
			}
			if len(s.Addrs()) != 0 {
				t.Errorf("Listen(%v) failed and left %v open", c.listen, s.Addrs())
			}
		})
	}
	err := explain("udp", netip.MustParseAddrPort("10.80.12.1:53"), syscall.EACCES)
	if !strings.Contains(err.Error(), "CAP_NET_BIND_SERVICE") {
		t.Errorf("explain(EACCES) = %v, want the capability in it", err)
	}
}

func TestQueriesBeforeTheFirstPublicationWaitForIt(t *testing.T) {
	server := started(t, nil)
	answered := make(chan *miekg.Msg, 1)
	go func() { answered <- exchangeWith(t, server, "udp", "db-1.lon6.example.", miekg.TypeA) }()
	select {
	case r := <-answered:
		t.Fatalf("a server without zones answered %v", r)
	case <-time.After(50 * time.Millisecond): // no event says that a query waits
	}
	server.Publish(snapshotOf(t, first(site()), second(site())))
	if r := <-answered; r.Rcode != miekg.RcodeSuccess || len(r.Answer) != 1 {
		t.Errorf("the query that waited is answered %v, want an address", r)
	}
}

func TestAnswersLeaveFromTheAddressThatWasAsked(t *testing.T) {
	for _, c := range []struct{ listen, ask string }{{"0.0.0.0:0", "127.0.0.5"}, {"[::]:0", "::1"}} {
		server := started(t, snapshotOf(t, first(site()), second(site())), c.listen)
		at := netip.AddrPortFrom(netip.MustParseAddr(c.ask), server.Addrs()[0].Port())
		// The client's socket is connected: the kernel drops what comes from elsewhere.
		q := new(miekg.Msg).SetQuestion("db-1.lon6.example.", miekg.TypeA)
		client := miekg.Client{Timeout: 3 * time.Second}
		if r, _, err := client.ExchangeContext(t.Context(), q, at.String()); err != nil || len(r.Answer) != 1 {
			t.Errorf("ask %s of a server on %s: %v %v, want an answer from there", at, c.listen, r, err)
		}
	}
}

func TestVisible(t *testing.T) {
	server := started(t, snapshotOf(t, first(site()), second(site())))
	how, err := server.Visible(t.Context(), "db-1.lon6.example", netip.MustParseAddr("10.80.12.17"))
	if want := regexp.MustCompile(`^A db-1\.lon6\.example answered 10\.80\.12\.17 by 127\.0\.0\.1 in [0-9.]+ ms$`); err != nil || !want.MatchString(how) {
		t.Errorf("Visible(db-1) = %q %v, want %s", how, err, want)
	}
	if how, err = server.Visible(t.Context(), "web-1.lon6.example.", netip.MustParseAddr("2001:db8::18")); err != nil {
		t.Errorf("Visible(web-1) = %q %v, want a proof", how, err)
	}
	for _, c := range []struct{ name, addr, says string }{
		{"db-1.lon6.example", "10.80.12.18", "answers NOERROR [10.80.12.17], want 10.80.12.18"},
		{"db-9.lon6.example", "10.80.12.17", "answers NXDOMAIN []"},
		{"www.debian.org", "10.80.12.17", "answers REFUSED []"},
	} {
		how, err := server.Visible(t.Context(), c.name, netip.MustParseAddr(c.addr))
		if !errors.Is(err, ErrNotVisible) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Visible(%s, %s) = %q %v, want ErrNotVisible and %q", c.name, c.addr, how, err, c.says)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if how, err := server.Visible(ctx, "db-1.lon6.example", netip.MustParseAddr("10.80.12.17")); err == nil || errors.Is(err, ErrNotVisible) {
		t.Errorf("Visible(cancelled) = %q %v, want the context's error", how, err)
	}
}

func TestPublishingDisturbsNoQuery(t *testing.T) {
	subnets, machines := site()
	one := snapshotOf(t, subnets, machines)
	two := snapshotOf(t, subnets, machines[:2])
	server := started(t, one)
	stop := make(chan struct{})
	var publisher, clients sync.WaitGroup
	var publications atomic.Int64
	publisher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				server.Publish(two)
				server.Publish(one)
				publications.Add(2)
			}
		}
	})
	for _, network := range []string{"udp", "udp", "tcp"} {
		clients.Go(func() {
			for range 300 {
				if r := exchangeWith(t, server, network, "db-1.lon6.example.", miekg.TypeA); r.Rcode != miekg.RcodeSuccess || len(r.Answer) != 1 {
					t.Errorf("while publishing, %s answers %v", network, r)
					return
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	publisher.Wait()
	if publications.Load() < 100 {
		t.Errorf("%d publications while 900 queries ran, want at least 100", publications.Load())
	}
}

func TestTCPClientsAreBounded(t *testing.T) {
	server := started(t, snapshotOf(t, first(site()), second(site())))
	dial := func() net.Conn {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // the server may have closed it
		return c
	}
	ask := func(c net.Conn) error {
		if err := writeMessage(c, request(t, "db-1.lon6.example.", miekg.TypeA, nil)); err != nil {
			return err
		}
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return err
		}
		_, err := readMessage(c, nil)
		return err
	}
	held := make([]net.Conn, maxConnsPerIP)
	for i := range held {
		held[i] = dial()
		if err := ask(held[i]); err != nil {
			t.Fatalf("connection %d of %d: %v", i+1, maxConnsPerIP, err)
		}
	}
	if err := ask(dial()); err == nil {
		t.Errorf("connection %d of one address is served, want it closed", maxConnsPerIP+1)
	}
	if r := exchangeWith(t, server, "udp", "db-1.lon6.example.", miekg.TypeA); len(r.Answer) != 1 {
		t.Errorf("UDP beside full TCP answers %v", r)
	}
	pipelined := held[0]
	for range 20 {
		if err := writeMessage(pipelined, request(t, "db-1.lon6.example.", miekg.TypeA, nil)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		if _, err := readMessage(pipelined, nil); err != nil {
			t.Fatalf("answer %d of 20 pipelined queries: %v", i+1, err)
		}
	}
	if _, err := held[1].Write([]byte{0, 3, 1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := readMessage(held[1], nil); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a client that speaks no DNS reads %v, want the end", err)
	}
}

func TestASilentOrSlowTCPClientIsLeft(t *testing.T) {
	server := New(Config{Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Log: slog.New(slog.DiscardHandler)})
	server.idle = 50 * time.Millisecond
	run(t, server)
	server.Publish(snapshotOf(t, first(site()), second(site())))
	for name, begin := range map[string][]byte{"says nothing": nil, "begins a query": {0, 30, 1}} {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(begin); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := readMessage(c, nil); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a client that %s reads %v after the idle time, want the end", name, err)
		}
		_ = c.Close() // the server has
	}
}

func TestAPanicCostsOneAnswer(t *testing.T) {
	broken := &Snapshot{tables: map[string]*table{"broken.": nil}}
	maps.Copy(broken.tables, snapshotOf(t, first(site()), second(site())).tables)
	server := started(t, broken)
	if reply := server.handle(t.Context(), request(t, "x.broken.", miekg.TypeA, nil), true, nil); reply != nil {
		t.Errorf("handle(a query that panics) = %x, want nothing", reply)
	}
	if r := exchangeWith(t, server, "udp", "db-1.lon6.example.", miekg.TypeA); len(r.Answer) != 1 {
		t.Errorf("after a panic the server answers %v", r)
	}
	if got := collected(t, server)["firstlight_dns_panics_total"]; got != 1 {
		t.Errorf("firstlight_dns_panics_total = %v, want 1", got)
	}
}

// collected gathers a collector's counters and gauges, labels in the name.
func collected(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry() // holds Collect to Describe
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

func TestMetricsCountQueries(t *testing.T) {
	server := started(t, snapshotOf(t, first(site()), second(site())))
	exchangeWith(t, server, "udp", "db-1.lon6.example.", miekg.TypeA)
	exchangeWith(t, server, "tcp", "db-9.lon6.example.", miekg.TypePTR)
	exchangeWith(t, server, "udp", "lon6.example.", 4711)
	got := collected(t, server)
	for name, want := range map[string]float64{
		"firstlight_dns_queries_total NOERROR udp A":     1,
		"firstlight_dns_queries_total NXDOMAIN tcp PTR":  1,
		"firstlight_dns_queries_total NOERROR udp other": 1,
		"firstlight_dns_answer_seconds":                  3,
		"firstlight_dns_dropped_total":                   0,
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v (of %v)", name, got[name], want, got)
		}
	}
}

func TestHostsAreVisibleUnderTheNamesThatZoneGivesThem(t *testing.T) {
	subnets, machines := site()
	server := started(t, snapshotOf(t, subnets, machines))
	for _, m := range machines {
		name, addr, ok := zone.Host(m, subnets)
		if !ok {
			t.Fatalf("Host(%s) = false", m.Name)
		}
		if _, err := server.Visible(t.Context(), name, addr); err != nil {
			t.Errorf("Visible(Host(%s)) = %v", m.Name, err)
		}
	}
}
