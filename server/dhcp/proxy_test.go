package dhcp

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
)

func proxied(m *memory) { m.subnets[0].Mode = machine.ModeProxy }

// atBootServer is a packet as it comes to port 4011 from an address.
func atBootServer(from string, kind dhcpv4.MessageType, opts ...opt) *datagram {
	d := incoming(packetOf(kind, opts...))
	d.unicast, d.port, d.peer = true, bootPort, netip.MustParseAddrPort(from)
	return d
}

// H-10: in a proxied subnet a boot client hears what to load, nobody gets an
// address, and who is not meant hears nothing.
func TestProxy(t *testing.T) {
	script := "http://10.80.12.1/boot/entry.ipxe"
	elsewhere := []opt{toServer("10.80.12.9"), wants("10.80.12.31")}
	for _, tt := range []struct {
		name  string
		lab   []func(*memory)
		kind  dhcpv4.MessageType
		opts  []opt
		file  string // of the offer; "-": silence
		class string
		drops reason
	}{
		{"a BIOS is told its loader at once", nil, discover, pxeBIOS, "undionly.kpxe", "PXEClient", 0},
		{"UEFI is told to come to port 4011", nil, discover, pxeUEFI, "", "PXEClient", 0},
		{"UEFI HTTP boot is told its URL", nil, discover, http64, "http://10.80.12.1/boot/snponly.efi", "HTTPClient", 0},
		{"iPXE is told its script", nil, discover, ipxe, script, "PXEClient", 0},
		{"a machine that boots its disk gets the loader, too", []func(*memory){known}, discover, pxeBIOS, "undionly.kpxe", "PXEClient", 0},
		{"a system hears nothing", nil, discover, nil, "-", "", dropNotBoot},
		{"nor does one that renews", nil, request, []opt{ciaddr("10.80.12.31")}, "-", "", dropNotBoot},
		{"nor one that restarts, although the address is in no range", nil, request, []opt{wants("192.168.1.9")}, "-", "", dropNotBoot},
		{"an architecture without loader hears nothing", nil, discover, pxeARM, "-", "", dropNoLoader},
		{"a client of another PXE server hears nothing", nil, request, join(pxeBIOS, elsewhere), "-", "", dropOtherServer},
		{"one that takes our offer for an address hears nothing", nil, request, join(pxeBIOS, []opt{toServer("10.80.12.1"), wants("10.80.12.31")}), "-", "", dropNotBoot},
		{"a stranger on an observed subnet hears nothing", []func(*memory){policy(machine.PolicyObserve)}, discover, pxeBIOS, "-", "", dropPolicy},
		{"nor on an ignored one", []func(*memory){policy(machine.PolicyIgnore)}, discover, pxeUEFI, "-", "", dropPolicy},
		{"a RELEASE is not ours", nil, release, join(pxeBIOS, []opt{ciaddr("10.80.12.31"), toServer("10.80.12.1")}), "-", "", dropNotBoot},
		{"a relay hears what is its client's", nil, discover, join(pxeBIOS, []opt{relayedBy("10.80.12.254")}), "undionly.kpxe", "PXEClient", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, m := labWith(t, append(tt.lab, proxied)...)
			had := len(m.leases)
			r, to := ask(t, s, incoming(packetOf(tt.kind, tt.opts...)))
			if got := s.metrics.dropped[tt.drops].Load(); tt.drops != 0 && got != 1 {
				t.Errorf("dropped as %s = %d, want 1", names[tt.drops], got)
			}
			if len(m.offers) > 0 || len(m.leases) != had {
				t.Errorf("addresses are kept: %v, %v", m.offers, m.leases)
			}
			if r == nil {
				if tt.file != "-" {
					t.Error("silence")
				}
				return
			}
			if r.BootFileName != tt.file || r.ClassIdentifier() != tt.class || addrOf(r.ServerIdentifier()) != ourServer {
				t.Errorf("file %q, class %q, server %v, want %q, %q", r.BootFileName, r.ClassIdentifier(), r.ServerIdentifier(), tt.file, tt.class)
			}
			if has := r.Options.Has(dhcpv4.OptionVendorSpecificInformation); has == (tt.file == "" || tt.class == "HTTPClient" || tt.file == script) {
				t.Errorf("option 43 is in the offer: %v", has)
			}
			for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionIPAddressLeaseTime, dhcpv4.OptionSubnetMask, dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer, optionIPXE} {
				if r.Options.Has(code) {
					t.Errorf("the offer has %v, which is not a proxy's to give", code)
				}
			}
			if addrOf(r.YourIPAddr).IsValid() || !addrOf(r.ServerIPAddr).IsValid() || !to.mac.IsZero() {
				t.Errorf("yiaddr %v, siaddr %v, by %+v", r.YourIPAddr, r.ServerIPAddr, to)
			}
		})
	}
}

// Port 4011 answers clients that have an address, where they are, in both modes.
func TestBootServer(t *testing.T) {
	mine := []opt{ciaddr("10.80.12.31")}
	for _, tt := range []struct {
		name  string
		from  string
		kind  dhcpv4.MessageType
		opts  []opt
		file  string // "": silence
		drops reason
	}{
		{"UEFI that comes back is told its loader", "10.80.12.31:68", request, join(pxeUEFI, mine), "snponly.efi", 0},
		{"from whatever port it asks", "10.80.12.31:4011", request, join(pxeUEFI, mine, []opt{toServer("10.80.12.1")}), "snponly.efi", 0},
		{"an INFORM does as well", "10.80.12.31:68", inform, join(pxeBIOS, mine), "undionly.kpxe", 0},
		{"iPXE is told its script", "10.80.12.31:68", request, join(ipxe, mine), "http://10.80.12.1/boot/entry.ipxe", 0},
		{"one that is bound to another boot server hears nothing", "10.80.12.31:68", request, join(pxeUEFI, mine, []opt{toServer("10.80.12.9")}), "", dropOtherServer},
		{"one that has another address than it says hears nothing", "10.80.12.32:68", request, join(pxeUEFI, mine), "", dropMalformed},
		{"nor one without an address", "10.80.12.31:68", request, pxeUEFI, "", dropMalformed},
		{"nor a system", "10.80.12.31:68", request, mine, "", dropNotBoot},
		{"nor a DISCOVER", "10.80.12.31:68", discover, join(pxeUEFI, mine), "", dropMalformed},
		{"nor an architecture without loader", "10.80.12.31:68", request, join(pxeARM, mine), "", dropNoLoader},
		{"nor somebody from a network that is not ours", "10.99.0.1:68", request, join(pxeUEFI, []opt{ciaddr("10.99.0.1")}), "", dropNoSubnet},
	} {
		for _, mode := range []string{machine.ModeProxy, machine.ModeServer} {
			t.Run(tt.name+", "+mode, func(t *testing.T) {
				s, m := labWith(t)
				m.subnets[0].Mode = mode
				r, to := ask(t, s, atBootServer(tt.from, tt.kind, tt.opts...))
				if (r == nil) != (tt.file == "") {
					t.Fatalf("answer = %v", r)
				}
				if got := s.metrics.dropped[tt.drops].Load(); tt.drops != 0 && got != 1 {
					t.Errorf("dropped as %s = %d, want 1", names[tt.drops], got)
				}
				if r == nil {
					return
				}
				if r.MessageType() != acked || r.BootFileName != tt.file || addrOf(r.YourIPAddr).IsValid() || r.ClassIdentifier() != "PXEClient" {
					t.Errorf("answer = %v", r.Summary())
				}
				if want := (route{to: netip.MustParseAddrPort(tt.from), boot: true}); to != want {
					t.Errorf("it goes %+v, want %+v", to, want)
				}
			})
		}
	}
}

// What a client chose from a menu comes back (PXE 2.1 §2.2.3).
func TestBootServerReturnsTheBootItem(t *testing.T) {
	s, _ := labWith(t, proxied)
	r, _ := ask(t, s, atBootServer("10.80.12.31:68", request, join(pxeBIOS, []opt{ciaddr("10.80.12.31"), option(43, 71, 4, 0x80, 0, 0, 0, 255)})...))
	want := []byte{6, 1, 8, 71, 4, 0x80, 0, 0, 0, 255}
	if got := r.Options.Get(dhcpv4.OptionVendorSpecificInformation); !bytes.Equal(got, want) {
		t.Errorf("option 43 = %v, want %v", got, want)
	}
}

// Who takes which address from the other server is heard, and it is one row.
func TestProxiedExchange(t *testing.T) {
	s, m := labWith(t, proxied)
	ask(t, s, incoming(packetOf(discover, pxeBIOS...)))
	ask(t, s, incoming(packetOf(request, join(pxeBIOS, []opt{toServer("10.80.12.9"), wants("10.80.12.31")})...)))
	ask(t, s, atBootServer("10.80.12.31:68", request, join(pxeUEFI, []opt{ciaddr("10.80.12.31")})...))
	want := []string{
		"DISCOVER, OFFER, REQUEST: BIOS takes 10.80.12.31 from the DHCP server 10.80.12.9, and boots undionly.kpxe from us",
		"REQUEST to port 4011, ACK: UEFI x64, which has 10.80.12.31, boots snponly.efi",
	}
	if !slices.Equal(m.texts(), want) || len(m.decided) != 2 {
		t.Errorf("rows = %q, %d decisions", m.texts(), len(m.decided))
	}
	if m.heard[netip.MustParseAddr("10.80.12.31")] != testMAC {
		t.Errorf("heard = %v", m.heard)
	}
	ask(t, s, incoming(packetOf(discover, pxeUEFI...)))
	s.sweep(epoch.Add(quiet), m)
	if got := m.texts()[2]; !strings.Contains(got, "was told where to boot snponly.efi") {
		t.Errorf("row = %q", got)
	}
	ask(t, s, incoming(packetOf(discover)))
	if s.sweep(epoch.Add(quiet), m); len(m.rows) != 3 {
		t.Errorf("rows = %q: a system in a proxied subnet leaves none", m.texts())
	}
}
