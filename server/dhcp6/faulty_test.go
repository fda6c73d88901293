package dhcp6

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/exchange"
	"firstlight/server/journal"
)

var update = flag.Bool("update", false, "rewrite testdata")

// The rows of exchanges as this adapter writes them, for those who explain
// boots (package diagnosis): a row that changes must not leave them blind.
func TestRowsForThoseWhoExplain(t *testing.T) {
	got := map[string][]journal.Event{}
	for name, do := range scenes {
		now := epoch
		m := newMemory(lab())
		s := serverOver(m, func() time.Time { return now })
		do(&scene{t, s, m, &now})
		for _, row := range s.exchanges.Sweep(now.Add(exchange.Quiet)) {
			m.Note(row)
		}
		got[name] = m.rows
	}
	text, err := json.MarshalIndent(got, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/exchanges.json", string(text)+"\n")
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the rows are not those of %s (-want +got); run with -update if they should be:\n%s", path, diff)
	}
}

// scene is a server with a clock, and what a client does there.
type scene struct {
	t   *testing.T
	s   *Server
	m   *memory
	now *time.Time
}

func (c *scene) sends(p dhcpv6.DHCPv6) { c.comes(incoming(p)) }

func (c *scene) comes(d *datagram) {
	d.arrived = *c.now
	ask(c.t, c.s, d)
	*c.now = c.now.Add(time.Second)
}

// retries sends Solicits as firmware does: after 1, 2 and 4 s (RFC 8415 §7.6).
func retries(opts ...dhcpv6.Option) func(*scene) {
	return func(c *scene) {
		for _, pause := range []time.Duration{0, 0, time.Second, 3 * time.Second} {
			*c.now = c.now.Add(pause)
			c.sends(message(solicit, join(opts, ia())...))
		}
	}
}

// whole is an exchange that comes through.
func whole(opts ...dhcpv6.Option) func(*scene) {
	return func(c *scene) {
		c.sends(message(solicit, join(opts, ia())...))
		c.sends(message(request, join(opts, toServer(), ia("2001:db8:12::100"))...))
	}
}

// chooses is a client that goes on with another server.
func chooses(id dhcpv6.DUID) func(*scene) {
	return func(c *scene) {
		c.sends(message(solicit, join(pxeUEFI, ia())...))
		c.sends(message(request, join(pxeUEFI, dhcpv6.OptServerID(id), ia("2001:db8:12::30"))...))
	}
}

// through is a Solicit by a relay, which names the machines' network by an address.
func through(link string) func(*scene) {
	return func(c *scene) {
		d := incoming(relayed(message(solicit, join(pxeUEFI, ia())...), 0, link, linkLocal.String()))
		d.peer = netip.MustParseAddrPort("[2001:db8:50::7]:547")
		c.comes(d)
	}
}

func join(opts []dhcpv6.Option, more ...dhcpv6.Option) []dhcpv6.Option {
	return append(append([]dhcpv6.Option(nil), opts...), more...)
}

func with(change func(*memory), do func(*scene)) func(*scene) {
	return func(c *scene) {
		change(c.m)
		do(c)
	}
}

var scenes = map[string]func(*scene){
	"firmware gets an address by IPv6":       whole(pxeUEFI...),
	"HTTP firmware gets an address by IPv6":  whole(http64...),
	"iPXE gets an address by IPv6":           whole(ipxe64...),
	"offers not taken by IPv6":               retries(pxeUEFI...),
	"iPXE takes no offer by IPv6":            retries(ipxe64...),
	"full by IPv6":                           with(func(m *memory) { m.subnets[0].Ranges = nil }, retries(pxeUEFI...)),
	"full by IPv6, for iPXE":                 with(func(m *memory) { m.subnets[0].Ranges = nil }, retries(ipxe64...)),
	"database away by IPv6":                  with(func(m *memory) { m.broken = errDisk }, retries(pxeUEFI...)),
	"taken elsewhere by IPv6":                chooses(rogueDUID),
	"taken elsewhere by IPv6, nobody's card": chooses(&dhcpv6.DUIDUUID{UUID: [16]byte{9}}),
	"relayed offers not taken by IPv6":       through("2001:db8:12::fe"),
	"unknown network by IPv6":                through("2001:db8:99::1"),
	"refused by IPv6": func(c *scene) {
		c.sends(message(confirm, join(pxeUEFI, ia("2001:db8:7::7"))...))
	},
	"declined by IPv6": func(c *scene) {
		whole(pxeUEFI...)(c)
		c.sends(message(decline, join(pxeUEFI, toServer(), ia("2001:db8:12::100"))...))
	},
}
