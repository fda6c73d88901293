package zone_test

import (
	"fmt"
	"net/netip"
	"time"

	"firstlight/server/machine"
)

// lon6 is a site with two subnets of one domain and one of another.
func lon6() []*machine.Subnet {
	return []*machine.Subnet{
		{Name: "r12", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lon6", Domain: "lon6.example"},
		{Name: "r14", Prefix: netip.MustParsePrefix("10.80.14.0/23"), Site: "lon6", Domain: "lon6.example"},
		{Name: "r20", Prefix: netip.MustParsePrefix("10.80.20.64/26"), Site: "lon6", Domain: "lab.lon6.example"},
		{Name: "v6", Prefix: netip.MustParsePrefix("2001:db8:80:12::/64"), Site: "lon6", Domain: "lon6.example"},
		{Name: "wild", Prefix: netip.MustParsePrefix("192.0.2.0/24"), Site: "lon6"},
	}
}

var since = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// named makes a machine; the first address is that of its boot NIC.
func named(name, host string, status machine.Status, addresses ...string) *machine.Machine {
	m := &machine.Machine{ID: "id-" + name, Name: name, Hostname: host, Status: status, Since: since}
	for i, a := range addresses {
		m.NICs = append(m.NICs, machine.NIC{
			Name: fmt.Sprintf("eth%d", i), MAC: machine.MAC{2, byte(i), name[len(name)-1]},
			Address: netip.MustParseAddr(a), Boot: i == 0,
		})
	}
	return m
}
