package dhcp

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// The rows of exchanges as this adapter writes them, for those who explain
// boots (package diagnosis): a row that changes must not leave them blind.
func TestRowsForThoseWhoExplain(t *testing.T) {
	got := map[string][]journal.Event{}
	for name, do := range scenes {
		clock := &ticking{epoch}
		m := newMemory(lab())
		s := serverOver(t, m, clock.read)
		do(t, s, m, clock)
		clock.advance(quiet)
		s.sweep(clock.now, m)
		got[name] = m.rows
	}
	text, err := json.MarshalIndent(got, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/exchanges.json", string(text)+"\n")
}

type scene func(*testing.T, *Server, *memory, *ticking)

// retries sends DISCOVERs as firmware does: after 4, 8 and 16 s (RFC 2131 §4.1).
func retries(opts ...opt) scene {
	return func(t *testing.T, s *Server, _ *memory, c *ticking) {
		for _, pause := range []time.Duration{4 * time.Second, 8 * time.Second, 16 * time.Second, 0} {
			ask(t, s, incoming(packetOf(discover, opts...)))
			c.advance(pause)
		}
	}
}

// whole is an exchange that comes through.
func whole(opts ...opt) scene {
	return func(t *testing.T, s *Server, _ *memory, c *ticking) {
		ask(t, s, incoming(packetOf(discover, opts...)))
		c.advance(time.Second)
		ask(t, s, incoming(packetOf(request, join(opts, []opt{toServer("10.80.12.1"), wants("10.80.12.100")})...)))
	}
}

func with(change func(*memory), do scene) scene {
	return func(t *testing.T, s *Server, m *memory, c *ticking) {
		change(m)
		do(t, s, m, c)
	}
}

func after(secs uint16) opt { return func(p *dhcpv4.DHCPv4) { p.NumSeconds = secs } }

var scenes = map[string]scene{
	"firmware gets an address": whole(pxeUEFI...),
	"BIOS gets an address":     whole(pxeBIOS...),
	"iPXE gets an address":     whole(ipxe...),
	"a system gets an address": whole(text(60, "dhclient")),
	"offers not taken":         retries(pxeUEFI...),
	"iPXE takes no offer":      retries(ipxe...),
	"no loader":                retries(text(60, "PXEClient:Arch:00037:UNDI:003000"), arch(37)),
	"bare relay":               retries(append(pxeUEFI, relayedBy("10.99.0.1"))...),
	"unknown network":          retries(append(pxeUEFI, relayedBy("10.99.0.1"), option(82, 1, 4, 'e', 't', 'h', '7'))...),
	"full":                     with(func(m *memory) { m.subnets[0].Ranges = nil }, retries(pxeUEFI...)),
	"observed":                 with(policy(machine.PolicyObserve), retries(pxeUEFI...)),
	"database away":            with(func(m *memory) { m.broken = errDisk }, retries(pxeUEFI...)),
	"late port":                whole(append(pxeUEFI, after(28))...),
	"declined": func(t *testing.T, s *Server, m *memory, c *ticking) {
		whole(pxeUEFI...)(t, s, m, c)
		c.advance(time.Second)
		ask(t, s, incoming(packetOf(decline, append(pxeUEFI, wants("10.80.12.100"), toServer("10.80.12.1"))...)))
	},
	"taken elsewhere": func(t *testing.T, s *Server, _ *memory, c *ticking) {
		ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
		c.advance(time.Second)
		ask(t, s, incoming(packetOf(request, append(pxeUEFI, toServer("10.80.12.9"), wants("10.80.12.77"))...)))
	},
	"refused": func(t *testing.T, s *Server, _ *memory, _ *ticking) {
		ask(t, s, incoming(packetOf(request, append(pxeUEFI, wants("10.7.7.7"))...)))
	},
	"everybody answers": func(t *testing.T, s *Server, m *memory, c *ticking) {
		all := answering{}
		for a := netip.MustParseAddr("10.80.12.100"); len(all) < 100; a = a.Next() {
			all[a] = otherMAC
		}
		s.cfg.Probe, m.stale = all, true
		retries(pxeUEFI...)(t, s, m, c)
	},
}
