package dhcp

import (
	"net/netip"
	"testing"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// TestSimulate holds what would be answered against what is.
func TestSimulate(t *testing.T) {
	for name, tt := range map[string]struct {
		lab  []func(*memory)
		says boot.Firmware
		real []opt
	}{
		"a BIOS":                    {nil, boot.Firmware{Arch: 0, Vendor: "PXEClient:Arch:00000:UNDI:002001"}, pxeBIOS},
		"UEFI":                      {nil, boot.Firmware{Arch: 7, Vendor: "PXEClient:Arch:00007:UNDI:003016"}, pxeUEFI},
		"UEFI by HTTP":              {nil, boot.Firmware{Arch: 16, Vendor: "HTTPClient:Arch:00016:UNDI:003001"}, http64},
		"iPXE":                      {[]func(*memory){known}, boot.Firmware{Arch: 7, Vendor: "PXEClient:Arch:00007:UNDI:003010", User: "iPXE"}, ipxe},
		"an operating system":       {[]func(*memory){bound}, boot.Firmware{Vendor: "udhcp 1.35.0"}, []opt{text(60, "udhcp 1.35.0")}},
		"nobody on an ignored one":  {[]func(*memory){policy(machine.PolicyIgnore)}, boot.Firmware{Arch: 7, Vendor: "PXEClient"}, pxeUEFI},
		"nobody on one that is off": {[]func(*memory){off}, boot.Firmware{Arch: 7, Vendor: "PXEClient"}, pxeUEFI},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := labWith(t, tt.lab...)
			s.homes = []origin{here}
			tt.says.MAC = testMAC
			got, err := s.Simulate(t.Context(), m.subnets[0], tt.says)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(m.offers); n > 0 {
				t.Errorf("%d addresses are kept, want none", n)
			}
			r, _ := ask(t, s, incoming(packetOf(discover, tt.real...)))
			switch {
			case r == nil:
				if got.Silent == "" || got.File != "" {
					t.Errorf("Simulate() = %+v, the client hears nothing", got)
				}
			case got.Silent != "" || got.File != r.BootFileName || got.Server != addrOf(r.ServerIPAddr):
				t.Errorf("Simulate() = %+v, the client hears file %q from %s", got, r.BootFileName, r.ServerIPAddr)
			}
		})
	}
}

// A subnet that none of our interfaces is on is asked as its relay would.
func TestSimulateBehindARelay(t *testing.T) {
	s, m := labWith(t)
	s.homes = []origin{{name: "eth9", server: netip.MustParseAddr("10.1.1.1")}}
	got, err := s.Simulate(t.Context(), m.subnets[0], boot.Firmware{MAC: testMAC, Arch: 7, Vendor: "PXEClient"})
	if err != nil || got.Server != s.homes[0].server || got.File == "" {
		t.Errorf("Simulate() = %+v, %v, want a file from %s", got, err, s.homes[0].server)
	}
}
