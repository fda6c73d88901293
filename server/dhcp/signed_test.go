package dhcp

import (
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/boot"
)

// Where the subnet or the machine says so, firmware is given the first of the
// signed loaders; where nobody signed one for it, the usual one.
func TestWhoIsGivenTheSignedLoaders(t *testing.T) {
	bySubnet := func(m *memory) { m.subnets[0].SecureBoot = true }
	byReport := func(m *memory) {
		known(m)
		m.machines[testMAC].Observed.SecureBoot = true
	}
	for name, tt := range map[string]struct {
		lab    func(*memory)
		opts   []opt
		loader string
	}{
		"UEFI of a machine that reported":   {byReport, pxeUEFI, "shimx64.efi"},
		"UEFI on the subnet":                {bySubnet, pxeUEFI, "shimx64.efi"},
		"UEFI by HTTP":                      {bySubnet, http64, "http://10.80.12.1/boot/shimx64.efi"},
		"BIOS":                              {bySubnet, pxeBIOS, "undionly.kpxe"},
		"iPXE, which runs already":          {bySubnet, ipxe, "http://10.80.12.1/boot/entry.ipxe"},
		"an architecture that nobody signs": {bySubnet, []opt{text(60, "PXEClient:Arch:00009:UNDI:003016"), arch(9)}, "snponly.efi"},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := labWith(t, tt.lab)
			s.homes = []origin{here}
			r, _ := ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover, tt.opts...)))
			if r == nil || r.BootFileName != tt.loader {
				t.Fatalf("it is sent to %v, want %q", r, tt.loader)
			}
			o, err := s.Simulate(t.Context(), m.subnets[0], boot.Firmware{MAC: testMAC, Arch: 7, Vendor: "PXEClient"})
			if err != nil || o.File != "shimx64.efi" || o.Signed == "" {
				t.Errorf("Simulate(UEFI) = %+v, %v, want shim and why", o, err)
			}
		})
	}
}
