package dhcp6

import (
	"net/netip"
	"strings"
	"testing"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// A simulation hears what the same client hears on the wire, and leaves nothing.
func TestSimulate(t *testing.T) {
	far := lab()
	far.Name, far.Prefix = "far", netip.MustParsePrefix("2001:db8:44::/64")
	s, m := labWith(t, func(m *memory) { m.subnets = append(m.subnets, far) })
	uefi := boot.Firmware{MAC: testMAC, Arch: 16, Vendor: "HTTPClient:Arch:00016"}
	for _, subnet := range []*machine.Subnet{m.subnets[0], far} {
		o, err := s.Simulate(t.Context(), subnet, uefi)
		if err != nil || o.Who != "UEFI x64 HTTP boot" || o.File != "http://[2001:db8:12::1]:80/boot/loaders/snponly.efi" || o.Server != ourServer {
			t.Errorf("%s: Simulate() = %+v, %v", subnet.Name, o, err)
		}
	}
	if o, err := s.Simulate(t.Context(), far, boot.Firmware{MAC: testMAC, Arch: 7, Vendor: "PXEClient", User: "iPXE"}); err != nil || !strings.HasSuffix(o.File, "/boot/entry.ipxe") {
		t.Errorf("iPXE: Simulate() = %+v, %v", o, err)
	}
	far.Policy = machine.PolicyIgnore
	if o, err := s.Simulate(t.Context(), far, uefi); err != nil || !strings.Contains(o.Silent, "ignores such machines") {
		t.Errorf("ignored: Simulate() = %+v, %v", o, err)
	}
	if len(m.offers)+len(m.leases)+len(m.rows) != 0 {
		t.Errorf("it left offers %v, leases %v, rows %v", m.offers, m.leases, m.texts())
	}
}
