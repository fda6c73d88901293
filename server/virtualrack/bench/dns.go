package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

var dnsWork = work{
	name: "dns", unit: "answers/s",
	method: fmt.Sprintf("dnsperf -l 6 -q 200 -c 8 over UDP, A (3 of 4) and PTR of %d machines in random order; server on processor 0, dnsperf on the others; the appliance answers from ServerDb, peers from zone files of the same names", fleetSize),
	ours:   oursDNS,
	peers: []peer{
		{"knot", "knotd", "knot", theirDNS(knot)},
		{"nsd", "nsd", "nsd", theirDNS(nsd)},
		{"bind", "named", "bind9", theirDNS(bind)},
	},
}

const (
	forward = "rack.example.net"
	reverse = "80.10.in-addr.arpa"
)

func oursDNS(ctx context.Context, b *bench) (float64, error) {
	if _, err := exec.LookPath("dnsperf"); err != nil {
		return 0, errors.New("dnsperf is not installed: apt-get install dnsperf")
	}
	hosts, err := b.fleet(ctx)
	if err != nil {
		return 0, err
	}
	if err := b.writeZones(hosts); err != nil {
		return 0, err
	}
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return 0, err
	}
	defer a.Stop() //nolint:errcheck // Close stops it again, and tells
	if err := b.names(hosts[0])(ctx); err != nil {
		return 0, err
	}
	return b.dnsperf(ctx, a.PID())
}

// theirDNS measures a server of zone files; setup writes its configuration and
// gives its arguments.
func theirDNS(setup func(*bench) (text string, args []string)) func(context.Context, *bench, peer) (float64, error) {
	return func(ctx context.Context, b *bench, p peer) (float64, error) {
		text, args := setup(b)
		if err := os.WriteFile(b.path(p.name+".conf"), []byte(text), 0o644); err != nil {
			return 0, err
		}
		first, err := b.firstName()
		if err != nil {
			return 0, err
		}
		c, err := b.start(ctx, first, nil, p.program, args...)
		if err != nil {
			return 0, err
		}
		defer c.stop()
		return b.dnsperf(ctx, c.cmd.Process.Pid)
	}
}

func knot(b *bench) (string, []string) {
	return fmt.Sprintf(`server:
    listen: %[1]s@53
    rundir: %[2]s
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: %[2]s/knot
zone:
  - domain: %[3]s
    file: %[2]s/forward.zone
    zonefile-sync: -1
  - domain: %[4]s
    file: %[2]s/reverse.zone
    zonefile-sync: -1
`, b.rack.Address(), b.Dir, forward, reverse), []string{"-c", b.path("knot.conf")}
}

func nsd(b *bench) (string, []string) {
	return fmt.Sprintf(`server:
  ip-address: %[1]s
  server-count: 1
  username: ""
  zonesdir: %[2]s
  pidfile: ""
  xfrdfile: ""
  zonelistfile: %[2]s/nsd.list
remote-control:
  control-enable: no
zone:
  name: %[3]s
  zonefile: forward.zone
zone:
  name: %[4]s
  zonefile: reverse.zone
`, b.rack.Address(), b.Dir, forward, reverse), []string{"-d", "-c", b.path("nsd.conf")}
}

func bind(b *bench) (string, []string) {
	return fmt.Sprintf(`options { directory %[2]q; listen-on { %[1]s; }; listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile %[5]q; allow-query { any; }; minimal-responses yes; };
controls { };
zone %[3]q { type primary; file "forward.zone"; };
zone %[4]q { type primary; file "reverse.zone"; };
`, b.rack.Address(), b.Dir, forward, reverse, b.path("bind.key")), []string{"-g", "-n", "1", "-c", b.path("bind.conf")}
}

// writeZones writes zone files and the list of queries.
func (b *bench) writeZones(hosts []host) error {
	const head = "$TTL 300\n@ SOA ns.%[1]s. hostmaster.%[1]s. 1 3600 600 86400 300\n@ NS ns.%[1]s.\n"
	var f, r, q bytes.Buffer
	fmt.Fprintf(&f, head+"ns A %[2]s\n", forward, b.rack.Address())
	fmt.Fprintf(&r, head, forward)
	for _, h := range hosts {
		a := h.addr.As4()
		fmt.Fprintf(&f, "%s A %s\n", h.name, h.addr)
		fmt.Fprintf(&r, "%d.%d PTR %s.%s.\n", a[3], a[2], h.name, forward)
	}
	for _, i := range rand.Perm(4 * len(hosts)) {
		h := hosts[i/4]
		if a := h.addr.As4(); i%4 == 0 {
			fmt.Fprintf(&q, "%d.%d.%s PTR\n", a[3], a[2], reverse)
			continue
		}
		fmt.Fprintf(&q, "%s.%s A\n", h.name, forward)
	}
	return errors.Join(
		os.WriteFile(b.path("forward.zone"), f.Bytes(), 0o644),
		os.WriteFile(b.path("reverse.zone"), r.Bytes(), 0o644),
		os.WriteFile(b.path("queries"), q.Bytes(), 0o644),
		os.MkdirAll(b.path("knot"), 0o755),
	)
}

// names proves that a server answers.
func (b *bench) names(h host) func(context.Context) error {
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", b.rack.Address().String()+":53")
	}}
	return func(ctx context.Context) error {
		_, err := r.LookupHost(ctx, h.name+"."+forward+".")
		return err
	}
}

// firstName proves it with the first name of the query list.
func (b *bench) firstName() (func(context.Context) error, error) {
	text, err := os.ReadFile(b.path("queries"))
	if err != nil {
		return nil, err
	}
	m := regexp.MustCompile(`(?m)^([\w-]+)\.` + regexp.QuoteMeta(forward) + ` A$`).FindSubmatch(text)
	if m == nil {
		return nil, errors.New("the query list has no name")
	}
	return b.names(host{name: string(m[1])}), nil
}

var (
	queriesPerSecond = regexp.MustCompile(`Queries per second:\s+([\d.]+)`)
	queriesLost      = regexp.MustCompile(`Queries lost:\s+\d+ \(([\d.]+)%\)`)
)

// dnsperf measures a server that runs as the process pid. Of three runs the
// best counts: everything else on the machine can only take from it.
func (b *bench) dnsperf(ctx context.Context, pid int) (float64, error) {
	if err := pin(pid, 0); err != nil {
		return 0, err
	}
	best := 0.0
	for range 3 {
		cmd := exec.CommandContext(ctx, "taskset", "-c", "1-1023", "dnsperf", "-s", b.rack.Address().String(), "-d", b.path("queries"), "-l", "6", "-q", "200", "-c", "8")
		out, err := cmd.CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("dnsperf: %w: %s", err, strings.TrimSpace(string(out)))
		}
		rate, lost := figure(queriesPerSecond, out), figure(queriesLost, out)
		if lost > 1 {
			return 0, fmt.Errorf("dnsperf lost %.1f %% of the answers", lost)
		}
		best = max(best, rate)
	}
	if best == 0 {
		return 0, errors.New("dnsperf printed no rate")
	}
	return best, nil
}

// figure is the number that a pattern finds; 0 where it finds none.
func figure(p *regexp.Regexp, text []byte) float64 {
	m := p.FindSubmatch(text)
	if m == nil {
		return 0
	}
	f, _ := strconv.ParseFloat(string(m[1]), 64)
	return f
}
