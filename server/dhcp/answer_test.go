package dhcp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/boot"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

const (
	discover = dhcpv4.MessageTypeDiscover
	request  = dhcpv4.MessageTypeRequest
	release  = dhcpv4.MessageTypeRelease
	decline  = dhcpv4.MessageTypeDecline
	inform   = dhcpv4.MessageTypeInform
	offered  = dhcpv4.MessageTypeOffer
	acked    = dhcpv4.MessageTypeAck
	refused  = dhcpv4.MessageTypeNak
	silence  = dhcpv4.MessageTypeNone
)

var otherMAC = machine.MAC{0x52, 0x54, 0, 0, 0, 9}

// The lab of these tests: testMAC may hold .100; .101 is another's; .102 was
// declined; .31 is kept for a machine.
func labWith(t *testing.T, change ...func(*memory)) (*Server, *memory) {
	t.Helper()
	m := newMemory(lab())
	hold := func(a string, mac machine.MAC, s lease.State) {
		addr := netip.MustParseAddr(a)
		m.give(lease.Lease{Address: addr, MAC: mac, Subnet: "lab", State: s, ExpiresAt: epoch.Add(time.Hour)})
	}
	hold("10.80.12.101", otherMAC, lease.Bound)
	hold("10.80.12.102", otherMAC, lease.Declined)
	for _, c := range change {
		c(m)
	}
	return serverOver(t, m, atEpoch), m
}

func bound(m *memory) {
	a := netip.MustParseAddr("10.80.12.100")
	m.give(lease.Lease{Address: a, MAC: testMAC, Subnet: "lab", State: lease.Bound, ExpiresAt: epoch.Add(time.Minute)})
}

func known(m *memory) { m.put("c0mput3", testMAC, machine.InUse, "") }

func reservedFor(m *memory) { m.put("c0mput3", testMAC, machine.InUse, "10.80.12.31") }

func fenced(m *memory) {
	m.put("c0mput3", testMAC, machine.Broken, "")
	for _, n := range m.machines {
		n.Flags.Fenced = true
	}
}

func policy(p machine.Policy) func(*memory) {
	return func(m *memory) { m.subnets[0].Policy = p }
}

func off(m *memory) { m.subnets[0].Mode = "off" }

// TestAnswer is the table of RFC 2131 §4.3, and who hears nothing.
func TestAnswer(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lab   []func(*memory)
		kind  dhcpv4.MessageType
		opts  []opt
		want  dhcpv4.MessageType
		addr  string
		drops reason
	}{
		{"DISCOVER is offered the address wished for", nil, discover, []opt{wants("10.80.12.150")}, offered, "10.80.12.150", 0},
		{"DISCOVER is offered the lease it has", []func(*memory){bound}, discover, nil, offered, "10.80.12.100", 0},
		{"DISCOVER is offered the reservation", []func(*memory){reservedFor}, discover, nil, offered, "10.80.12.31", 0},
		{"a stranger on an observed subnet hears nothing", []func(*memory){policy(machine.PolicyObserve)}, discover, pxeUEFI, silence, "", dropPolicy},
		{"a stranger on an ignored subnet hears nothing", []func(*memory){policy(machine.PolicyIgnore)}, discover, nil, silence, "", dropPolicy},
		{"nor does its REQUEST for a foreign address", []func(*memory){policy(machine.PolicyObserve)}, request, []opt{wants("192.168.1.9")}, silence, "", dropPolicy},
		{"a known machine on an observed subnet is answered", []func(*memory){policy(machine.PolicyObserve), known, bound}, discover, nil, offered, "10.80.12.100", 0},
		{"a system on a fenced disk hears nothing", []func(*memory){fenced, bound}, discover, nil, silence, "", dropPolicy},
		{"nor when it renews", []func(*memory){fenced, bound}, request, []opt{ciaddr("10.80.12.100")}, silence, "", dropPolicy},
		{"the agent of a fenced machine gets its address", []func(*memory){fenced, bound}, discover, []opt{option(60, []byte(boot.AgentClass)...)}, offered, "10.80.12.100", 0},
		{"and so does its firmware", []func(*memory){fenced, bound}, discover, pxeUEFI, offered, "10.80.12.100", 0},
		{"a subnet that is off hears nothing", []func(*memory){off, known}, discover, nil, silence, "", dropNoSubnet},

		{"SELECTING gets its ACK", nil, request, []opt{toServer("10.80.12.1"), wants("10.80.12.150")}, acked, "10.80.12.150", 0},
		{"SELECTING an address of another is refused", nil, request, []opt{toServer("10.80.12.1"), wants("10.80.12.101")}, refused, "", 0},
		{"SELECTING a declined address is refused", nil, request, []opt{toServer("10.80.12.1"), wants("10.80.12.102")}, refused, "", 0},
		{"SELECTING outside of the ranges is refused", nil, request, []opt{toServer("10.80.12.1"), wants("10.80.12.5")}, refused, "", 0},
		{"SELECTING another server is none of our business", nil, request, []opt{toServer("10.80.12.2"), wants("10.80.12.101")}, silence, "", dropOtherServer},
		{"SELECTING without an address is malformed", nil, request, []opt{toServer("10.80.12.1")}, silence, "", dropMalformed},

		{"INIT-REBOOT gets its lease again", []func(*memory){bound}, request, []opt{wants("10.80.12.100")}, acked, "10.80.12.100", 0},
		{"INIT-REBOOT without a record hears nothing", nil, request, []opt{wants("10.80.12.150")}, silence, "", dropUnknownLease},
		{"INIT-REBOOT of a machine whose lease was lost gets it", []func(*memory){known}, request, []opt{wants("10.80.12.150")}, acked, "10.80.12.150", 0},
		{"INIT-REBOOT with another address than its lease is refused", []func(*memory){bound}, request, []opt{wants("10.80.12.150")}, refused, "", 0},
		{"INIT-REBOOT from another network is refused", nil, request, []opt{wants("192.168.1.9")}, refused, "", 0},
		{"INIT-REBOOT with another address than the reservation is refused", []func(*memory){reservedFor}, request, []opt{wants("10.80.12.150")}, refused, "", 0},

		{"RENEWING gets its ACK", []func(*memory){bound}, request, []opt{ciaddr("10.80.12.100")}, acked, "10.80.12.100", 0},
		{"RENEWING the lease of another is refused", nil, request, []opt{ciaddr("10.80.12.101")}, refused, "", 0},
		{"REBINDING in the wrong network is refused", nil, request, []opt{ciaddr("192.168.1.9")}, refused, "", 0},
		{"RENEWING with another server named is not ours", []func(*memory){bound}, request, []opt{ciaddr("10.80.12.100"), toServer("10.80.12.2")}, silence, "", dropOtherServer},
		{"REQUEST without any address is malformed", nil, request, nil, silence, "", dropMalformed},

		{"INFORM gets its ACK without an address", nil, inform, []opt{ciaddr("10.80.12.5")}, acked, "", 0},
		{"INFORM for a stranger's address hears nothing", nil, inform, []opt{ciaddr("192.168.1.9")}, silence, "", dropMalformed},
		{"RELEASE is not answered", []func(*memory){bound}, release, []opt{ciaddr("10.80.12.100"), toServer("10.80.12.1")}, silence, "", reasonDone},
		{"RELEASE to another server is not ours", []func(*memory){bound}, release, []opt{ciaddr("10.80.12.100"), toServer("10.80.12.2")}, silence, "", dropOtherServer},
		{"DECLINE is not answered", []func(*memory){bound}, decline, []opt{wants("10.80.12.100"), toServer("10.80.12.1")}, silence, "", reasonDone},
		{"DECLINE without a server is not ours", []func(*memory){bound}, decline, []opt{wants("10.80.12.100")}, silence, "", dropOtherServer},
		{"an OFFER from a client is malformed", nil, offered, nil, silence, "", dropMalformed},
		{"LEASEQUERY is malformed to us", nil, 10, nil, silence, "", dropMalformed},

		{"a relay of our subnet is served", []func(*memory){bound}, discover, []opt{relayedBy("10.80.12.254")}, offered, "10.80.12.100", 0},
		{"a relay of a foreign subnet hears nothing", nil, discover, []opt{relayedBy("10.99.0.1")}, silence, "", dropNoSubnet},
		{"nor a NAK", nil, request, []opt{relayedBy("10.99.0.1"), wants("10.80.12.101")}, silence, "", dropNoSubnet},
		{"link selection goes before the relay's address", nil, discover, []opt{relayedBy("10.99.0.1"), option(82, 5, 4, 10, 80, 12, 0), wants("10.80.12.150")}, offered, "10.80.12.150", 0},
		{"link selection of a foreign subnet hears nothing", nil, discover, []opt{relayedBy("10.80.12.254"), option(82, 5, 4, 10, 99, 0, 0)}, silence, "", dropNoSubnet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := labWith(t, tt.lab...)
			r, _ := ask(t, s, incoming(packetOf(tt.kind, tt.opts...)))
			got, addr := silence, netip.Addr{}
			if r != nil {
				got, addr = r.MessageType(), addrOf(r.YourIPAddr)
			}
			want, _ := netip.ParseAddr(tt.addr)
			if got != tt.want || addr != want {
				t.Errorf("answer = %v %v, want %v %v", got, addr, tt.want, want)
			}
			for why := range reasons {
				wantCount := uint64(0)
				if why == tt.drops && why != reasonDone {
					wantCount = 1
				}
				if n := s.metrics.dropped[why].Load(); n != wantCount {
					t.Errorf("dropped as %s = %d, want %d", names[why], n, wantCount)
				}
			}
		})
	}
}

// A client that writes to us through a router is on the network of its own
// address, not on ours.
func TestUnicastRenewalThroughARouter(t *testing.T) {
	far := lab()
	far.Name, far.Prefix = "far", netip.MustParsePrefix("10.80.13.0/24")
	far.Ranges = []machine.Range{{First: netip.MustParseAddr("10.80.13.100"), Last: netip.MustParseAddr("10.80.13.199")}}
	m := newMemory(lab(), far)
	s := serverOver(t, m, atEpoch)
	renewal := func(unicast bool) dhcpv4.MessageType {
		d := incoming(packetOf(request, ciaddr("10.80.13.100")))
		d.unicast = unicast
		r, _ := ask(t, s, d)
		return r.MessageType()
	}
	if got := renewal(true); got != acked {
		t.Errorf("a renewal sent to us gets %v, want ACK", got)
	}
	if got := renewal(false); got != refused {
		t.Errorf("a renewal sent to all from the wrong network gets %v, want NAK", got)
	}
}

func TestReleaseAndDeclineReachTheStore(t *testing.T) {
	a := netip.MustParseAddr("10.80.12.100")
	s, m := labWith(t, bound)
	ask(t, s, incoming(packetOf(release, ciaddr("10.80.12.100"), toServer("10.80.12.1"))))
	if got := m.leases[a].State; got != lease.Released {
		t.Errorf("after RELEASE the lease is %s", got)
	}
	s, m = labWith(t, bound)
	ask(t, s, incoming(packetOf(decline, wants("10.80.12.100"), toServer("10.80.12.1"))))
	if got := m.leases[a]; got.State != lease.Declined || got.ExpiresAt != epoch.Add(lease.Probation) {
		t.Errorf("after DECLINE the lease is %+v", got)
	}
	if r, _ := ask(t, s, incoming(packetOf(discover, wants("10.80.12.100")))); addrOf(r.YourIPAddr) == a {
		t.Error("the declined address is offered again")
	}
}

// The contract with a store that fails: no ACK, and never a NAK.
func TestAStoreThatFailsIsAnsweredWithSilence(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind dhcpv4.MessageType
		opts []opt
	}{
		{"SELECTING", request, []opt{toServer("10.80.12.1"), wants("10.80.12.100")}},
		{"INIT-REBOOT", request, []opt{wants("10.80.12.100")}},
		{"RENEWING", request, []opt{ciaddr("10.80.12.100")}},
		{"RENEWING the address of another", request, []opt{ciaddr("10.80.12.101")}},
		{"DISCOVER", discover, nil},
	} {
		s, m := labWith(t, bound, known)
		m.broken = errDisk
		if r, _ := ask(t, s, incoming(packetOf(tt.kind, tt.opts...))); r != nil {
			t.Errorf("%s: answer = %v, want silence", tt.name, r.MessageType())
		}
		if got := s.metrics.dropped[dropStore].Load(); got != 1 {
			t.Errorf("%s: dropped for the store = %d, want 1", tt.name, got)
		}
	}
}

func TestAFullSubnetIsSilentAndSaysSo(t *testing.T) {
	s, m := labWith(t, func(m *memory) {
		m.subnets[0].Ranges = []machine.Range{{First: netip.MustParseAddr("10.80.12.101"), Last: netip.MustParseAddr("10.80.12.102")}}
	})
	if r, _ := ask(t, s, incoming(packetOf(discover, pxeUEFI...))); r != nil {
		t.Errorf("answer = %v, want silence", r.MessageType())
	}
	rows := s.exchanges.Sweep(epoch.Add(quiet))
	if want := "UEFI x64 asked for an address and got no answer: subnet lab: no free address in the subnet's ranges"; len(rows) != 1 || rows[0].Text != want {
		t.Errorf("rows = %+v, want %q", rows, want)
	}
	if len(m.decided) != 0 {
		t.Errorf("decided = %v, want none: it was not the decision", m.decided)
	}
}
