package dhcp6

import (
	"net"
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/machine"
)

func TestIdentify(t *testing.T) {
	hidden := ip("fe80::1234:5678:9abc:def0")
	other := net.HardwareAddr{0x52, 0x54, 0, 0, 0, 9}
	ll := dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: other})
	for _, tt := range []struct {
		name string
		from netip.Addr
		duid dhcpv6.Option
		want string
	}{
		{"the address that it wrote from", linkLocal, nil, "52:54:00:12:34:56"},
		{"that goes before its DUID", linkLocal, ll, "52:54:00:12:34:56"},
		{"its DUID, where the address says nothing", hidden, ll, "52:54:00:00:00:09"},
		{"a DUID with a time", hidden, dhcpv6.OptClientID(&dhcpv6.DUIDLLT{HWType: iana.HWTypeEthernet, Time: 7, LinkLayerAddr: other}), "52:54:00:00:00:09"},
		{"a DUID of no Ethernet", hidden, dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: 32, LinkLayerAddr: other}), ""},
		{"a DUID of a group's address", hidden, dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: net.HardwareAddr{1, 0, 0, 0, 0, 9}}), ""},
		{"nothing", hidden, nil, ""},
	} {
		m := message(solicit, ia())
		if tt.duid != nil {
			m.UpdateOption(tt.duid)
		}
		d := incoming(m)
		d.peer = netip.AddrPortFrom(tt.from.WithZone("br0"), clientPort)
		q, err := classify(d)
		if err != nil {
			t.Fatal(err)
		}
		got := q.boot.MAC
		if tt.want == "" && (got[0]&3 != 2 || got == (machine.MAC{}) || got != madeUp(q.duid)) {
			t.Errorf("%s: %v, want one that is made up", tt.name, got)
		} else if tt.want != "" && got.String() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTheUUIDOfFirmware(t *testing.T) {
	q, err := classify(incoming(message(solicit, append(http64, ia())...)))
	if err != nil || q.boot.UUID != "4c010203-0405-0607-0809-0a0b0c0d0e0f" || q.boot.Platform != "efi" || q.boot.Arch != 16 {
		t.Errorf("request = %+v, %v", q.boot, err)
	}
}
