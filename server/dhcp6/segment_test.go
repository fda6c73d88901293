package dhcp6

import (
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/machine"
)

// two are prefixes on one segment, the first with room for one client.
func two(m *memory) {
	home, other := m.subnets[0], lab()
	home.Network, home.Ranges = "hall", []machine.Range{{First: ip("2001:db8:12::100"), Last: ip("2001:db8:12::100")}}
	other.Name, other.Network, other.Prefix = "lab6b", "hall", netip.MustParsePrefix("2001:db8:13::/64")
	other.Ranges = []machine.Range{{First: ip("2001:db8:13::100"), Last: ip("2001:db8:13::1ff")}}
	m.subnets = append(m.subnets, other)
}

func TestSeveralPrefixesOnOneSegment(t *testing.T) {
	s, m := labWith(t, two)
	m.put("other", machine.MAC{2, 0, 0, 0, 0, 9}, machine.InUse, "2001:db8:12::100")
	first := bound(t, s)
	if a := ip(first); !m.subnets[1].Ranges[0].Contains(a) {
		t.Fatalf("the first prefix is full, and the client gets %s", first)
	}
	if r := ask(t, s, incoming(message(renew, toServer(), ia(first)))); r == nil {
		t.Error("no answer to a Renew in the second prefix")
	} else if a, _, _ := given(r); a.String() != first {
		t.Errorf("it renews %s, had %s", a, first)
	}
	for address, want := range map[string]iana.StatusCode{first: iana.StatusSuccess, "2001:db8:12::77": iana.StatusSuccess, "2001:db8:99::1": iana.StatusNotOnLink} {
		if r := ask(t, s, incoming(message(confirm, ia(address)))); r == nil || r.Options.Status().StatusCode != want {
			t.Errorf("Confirm of %s: %v, want %s", address, r, want)
		}
	}
	if ask(t, s, incoming(message(release, toServer(), ia(first)))); len(m.leases) > 0 && m.leases[ip(first)].State == "bound" {
		t.Error("an address of the second prefix was not given back")
	}
	m.put("mine", testMAC, machine.InUse, "2001:db8:13::5")
	if got := bound(t, s); got != "2001:db8:13::5" {
		t.Errorf("a machine with an address in the second prefix gets %s", got)
	}
}

// Without the same network, prefixes have nothing to do with one another.
func TestAnotherPrefixIsNoneOfTheSegment(t *testing.T) {
	s, m := labWith(t, two)
	m.subnets[1].Network = "another hall"
	m.put("other", machine.MAC{2, 0, 0, 0, 0, 9}, machine.InUse, "2001:db8:12::100")
	r := ask(t, s, incoming(message(request, toServer(), ia())))
	if a, _, code := given(r); a.IsValid() || code != iana.StatusNoAddrsAvail {
		t.Errorf("it gets %s, %s, want none", a, code)
	}
}
