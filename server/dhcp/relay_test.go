package dhcp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

// hall adds a second subnet to the lab's segment, and one on another segment.
func hall(m *memory) {
	m.subnets[0].Network = "hall"
	more, far := lab(), lab()
	more.Name, more.Prefix, more.Gateway = "more", netip.MustParsePrefix("10.80.13.0/24"), netip.MustParseAddr("10.80.13.254")
	more.Ranges = []machine.Range{{First: netip.MustParseAddr("10.80.13.100"), Last: netip.MustParseAddr("10.80.13.199")}}
	more.Network = "hall"
	far.Name, far.Prefix, far.Gateway = "far", netip.MustParsePrefix("10.80.14.0/24"), netip.MustParseAddr("10.80.14.254")
	far.Ranges = []machine.Range{{First: netip.MustParseAddr("10.80.14.100"), Last: netip.MustParseAddr("10.80.14.199")}}
	m.subnets = append(m.subnets, more, far)
}

func full(m *memory) {
	m.subnets[0].Ranges = []machine.Range{{First: netip.MustParseAddr("10.80.12.101"), Last: netip.MustParseAddr("10.80.12.102")}}
}

func leasedIn(address, subnet string) func(*memory) {
	return func(m *memory) {
		a := netip.MustParseAddr(address)
		m.give(lease.Lease{Address: a, MAC: testMAC, Subnet: subnet, State: lease.Bound, ExpiresAt: epoch.Add(1 << 40)})
	}
}

func names118(a string) opt { return option(118, slice(netip.MustParseAddr(a))...) }

// What a relay calls the client's port is told with the address, and with nothing
// before it.
func TestWhereARelaySaysThatAClientIs(t *testing.T) {
	by := []opt{relayedBy("10.80.12.254"), option(82, append([]byte{1, 10}, "Ethernet31\x02\x03sw3"...)...)}
	asks := []opt{toServer("10.80.12.1"), wants("10.80.12.150")}
	port := machine.Relayed{MAC: testMAC, Relay: netip.MustParseAddr("10.80.12.254"), Circuit: []byte("Ethernet31"), Remote: []byte("sw3")}
	for _, tt := range []struct {
		name    string
		lab     []func(*memory)
		kind    dhcpv4.MessageType
		opts    []opt
		unicast bool
		want    []machine.Relayed
	}{
		{"not with an offer", nil, discover, by, true, nil},
		{"with the address", nil, request, append(asks, by...), true, []machine.Relayed{port}},
		{"without the option", nil, request, append(asks, by[0]), true, []machine.Relayed{{MAC: testMAC, Relay: port.Relay}}},
		{"not with a refusal", nil, request, append([]opt{toServer("10.80.12.1"), wants("10.80.99.9")}, by...), true, nil},
		{"who is heard without a relay is behind none", nil, request, asks, false, []machine.Relayed{{MAC: testMAC}}},
		{"what a client itself says counts for nothing", nil, request, append(asks, by[1]), false, []machine.Relayed{{MAC: testMAC}}},
		{"who renews writes past its relay", []func(*memory){bound}, request, []opt{ciaddr("10.80.12.100")}, true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, m := labWith(t, tt.lab...)
			d := incoming(packetOf(tt.kind, tt.opts...))
			d.unicast = tt.unicast
			ask(t, s, d)
			for i := range m.relayed {
				m.relayed[i].At = time.Time{}
			}
			if diff := cmp.Diff(tt.want, m.relayed, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// Two subnets on one segment are one pool of addresses, each client's in one of
// them.
func TestSegment(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lab   []func(*memory)
		kind  dhcpv4.MessageType
		opts  []opt
		want  dhcpv4.MessageType
		addr  string // of the reply; "": any of the subnet
		gate  string
		drops reason
	}{
		{"a new client gets an address of the first", nil, discover, nil, offered, "", "10.80.12.254", 0},
		{"and of the second when the first is full", []func(*memory){full}, discover, nil, offered, "", "10.80.13.254", 0},
		{"through a relay of the second, of that", nil, discover, []opt{relayedBy("10.80.13.254")}, offered, "", "10.80.13.254", 0},
		{"its lease goes before", []func(*memory){leasedIn("10.80.13.105", "more")}, discover, nil, offered, "10.80.13.105", "10.80.13.254", 0},
		{"so does its reservation", []func(*memory){func(m *memory) { m.put("c0mput3", testMAC, machine.InUse, "10.80.13.31") }}, discover, nil, offered, "10.80.13.31", "10.80.13.254", 0},
		{"and its wish", nil, discover, []opt{wants("10.80.13.150")}, offered, "10.80.13.150", "10.80.13.254", 0},
		{"what was offered is bound", nil, request, []opt{toServer("10.80.12.1"), wants("10.80.13.150")}, acked, "10.80.13.150", "10.80.13.254", 0},
		{"a restart with an address of the second", []func(*memory){leasedIn("10.80.13.105", "more")}, request, []opt{wants("10.80.13.105")}, acked, "10.80.13.105", "10.80.13.254", 0},
		{"a client that rebinds one of the second", []func(*memory){leasedIn("10.80.13.105", "more")}, request, []opt{ciaddr("10.80.13.105")}, acked, "10.80.13.105", "10.80.13.254", 0},
		{"a second address is refused", []func(*memory){leasedIn("10.80.13.105", "more")}, request, []opt{toServer("10.80.12.1"), wants("10.80.12.150")}, refused, "0.0.0.0", "", 0},
		{"one of another segment is refused", nil, request, []opt{wants("10.80.14.150")}, refused, "0.0.0.0", "", 0},
		{"the subnet that a client selects (RFC 3011)", nil, discover, []opt{names118("10.80.13.0")}, offered, "", "10.80.13.254", 0},
		{"one of another segment it cannot select", nil, discover, []opt{names118("10.80.14.0")}, silence, "", "", dropConflict},
		{"nor against its relay's link selection", nil, discover, []opt{relayedBy("10.80.12.254"), option(82, 5, 4, 10, 80, 14, 0), names118("10.80.12.0")}, silence, "", "", dropConflict},
		{"a link selection of the segment and a selection within go together", nil, discover, []opt{relayedBy("10.80.14.254"), option(82, 5, 4, 10, 80, 12, 0), names118("10.80.13.0")}, offered, "", "10.80.13.254", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := labWith(t, append([]func(*memory){hall}, tt.lab...)...)
			r, _ := ask(t, s, incoming(packetOf(tt.kind, tt.opts...)))
			if r == nil {
				if tt.want != silence || s.metrics.dropped[tt.drops].Load() != 1 {
					t.Errorf("silence, dropped as %s = %d", names[tt.drops], s.metrics.dropped[tt.drops].Load())
				}
				return
			}
			if r.MessageType() != tt.want || tt.addr != "" && r.YourIPAddr.String() != tt.addr {
				t.Fatalf("answer = %v %v, want %v %s", r.MessageType(), r.YourIPAddr, tt.want, tt.addr)
			}
			if gate := r.Router(); tt.gate != "" && (len(gate) != 1 || gate[0].String() != tt.gate) {
				t.Errorf("router = %v, want %s", gate, tt.gate)
			}
			if asked := r.Options.Has(optionSubnet); asked != packetOf(tt.kind, tt.opts...).Options.Has(optionSubnet) {
				t.Errorf("option 118 came back: %v", asked)
			}
		})
	}
}

// RFC 5107: the client takes the relay for its server, and is still ours.
func TestServerIdentifierOverride(t *testing.T) {
	override := []opt{relayedBy("10.80.12.254"), option(82, 11, 4, 10, 80, 12, 254)}
	for _, tt := range []struct {
		name   string
		kind   dhcpv4.MessageType
		opts   []opt
		want   dhcpv4.MessageType
		server string
	}{
		{"an offer names the relay", discover, override, offered, "10.80.12.254"},
		{"a request may name it", request, append(override, toServer("10.80.12.254"), wants("10.80.12.150")), acked, "10.80.12.254"},
		{"or us", request, append(override, toServer("10.80.12.1"), wants("10.80.12.150")), acked, "10.80.12.254"},
		{"or another server", request, append(override, toServer("10.80.12.9"), wants("10.80.12.150")), silence, ""},
		{"without a relay it is nobody's word", discover, []opt{option(82, 11, 4, 10, 80, 12, 254)}, offered, "10.80.12.1"},
		{"an address of no host is none", discover, []opt{relayedBy("10.80.12.254"), option(82, 11, 4, 224, 0, 0, 1)}, offered, "10.80.12.1"},
	} {
		s, _ := labWith(t)
		r, _ := ask(t, s, incoming(packetOf(tt.kind, tt.opts...)))
		if r == nil {
			if tt.want != silence {
				t.Errorf("%s: silence", tt.name)
			}
			continue
		}
		if r.MessageType() != tt.want || r.ServerIdentifier().String() != tt.server {
			t.Errorf("%s: %v of %v, want %v of %s", tt.name, r.MessageType(), r.ServerIdentifier(), tt.want, tt.server)
		}
	}
	s, m := labWith(t, bound)
	ask(t, s, incoming(packetOf(release, append(override, toServer("10.80.12.254"), ciaddr("10.80.12.100"))...)))
	if got := m.leases[netip.MustParseAddr("10.80.12.100")].State; got != lease.Released {
		t.Errorf("a RELEASE to the relay leaves the lease %s", got)
	}
}

// RFC 8357: a relay may listen on another port than 67, and then says so.
func TestRelaySourcePort(t *testing.T) {
	for _, tt := range []struct {
		info opt
		to   string
	}{
		{option(82, 19, 0), "10.80.12.254:1067"}, {option(82, 1, 1, 7), "10.80.12.254:67"},
	} {
		s, _ := labWith(t)
		d := incoming(packetOf(discover, relayedBy("10.80.12.254"), tt.info))
		d.peer = netip.MustParseAddrPort("10.80.12.254:1067")
		if _, to := ask(t, s, d); to.to.String() != tt.to {
			t.Errorf("the reply goes to %s, want %s", to.to, tt.to)
		}
	}
}

// H-09: what names a network that is not there, or ours as its relay, is dropped
// and counted, by whatever way it came.
func TestNobodysNetwork(t *testing.T) {
	for _, tt := range []struct {
		name    string
		unicast bool
		opts    []opt
		drops   reason
	}{
		{"an unknown relay", false, []opt{relayedBy("10.99.0.1")}, dropNoSubnet},
		{"an unknown relay by unicast", true, []opt{relayedBy("10.99.0.1"), ciaddr("10.80.12.100")}, dropNoSubnet},
		{"an unknown address by unicast", true, []opt{ciaddr("10.99.0.1")}, dropNoSubnet},
		{"an unknown link", false, []opt{relayedBy("10.80.12.254"), option(82, 5, 4, 10, 99, 0, 0)}, dropNoSubnet},
		{"ourselves as its relay", false, []opt{dhcpv4.WithGatewayIP(slice(ourServer))}, dropLoop},
		{"ourselves on another network as its relay", false, []opt{relayedBy("10.80.13.1")}, dropLoop},
		{"a relay that is no host", false, []opt{relayedBy("224.0.0.1")}, dropMalformed},
		{"an address of its own that is no host's", false, []opt{ciaddr("236.0.0.0")}, dropMalformed},
		{"a subnet that it cannot select", false, []opt{names118("10.99.0.0")}, dropConflict},
		{"a subnet that it cannot select by unicast", true, []opt{ciaddr("10.80.12.100"), names118("10.99.0.0")}, dropConflict},
	} {
		for _, kind := range []dhcpv4.MessageType{discover, request, inform} {
			s, _ := labWith(t, bound)
			s.homes = []origin{here, {name: "br1", server: netip.MustParseAddr("10.80.13.1")}}
			d := incoming(packetOf(kind, tt.opts...))
			d.unicast = tt.unicast
			r, _ := ask(t, s, d)
			if got := s.metrics.dropped[tt.drops].Load(); r != nil || got != 1 {
				t.Errorf("%s, %v: answer %v, dropped as %s = %d, want silence and 1", tt.name, kind, r, names[tt.drops], got)
			}
		}
	}
}
