package e2e

import (
	"net/netip"
	"testing"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// boundIPv6 has room for firmware that asks by IPv4 for a minute before IPv6.
const boundIPv6 = boundRegister + 2*time.Minute

// TestIPXEByIPv6BootsOverHTTPS: firmware gets the keyed loader by TFTP, which is
// told from a stock one and sent to HTTPS, at an IPv6 address that its
// certificate names.
func TestIPXEByIPv6BootsOverHTTPS(t *testing.T) {
	long(t)
	r := start(t, virtualrack.Spec{IPv6: true, HTTPS: true, Machines: []virtualrack.MachineSpec{{Firmware: qemu.UEFI}}, Rules: waiting})
	m := r.Machines()[0]
	r.powerOn(m)
	r.awaitStatus(m.Name, "available", boundIPv6)
	r.sawStages(m, []stage{
		{"files", "snponly-"}, {"dhcp", "REPLY: iPXE on UEFI x64 gets"}, {"boot", "Decided agent"}, {"files", "GET vmlinuz"}, {"agent", "Reported"},
	})
	r.said(m, `https://\[.*\]:443/boot/amd64/vmlinuz\.\.\. ok`)
}

// TestMachinesBootByIPv6Alone: on a network whose router says that addresses
// come by DHCPv6, UEFI boots by PXE and by HTTP from power-on to available, with
// no packet of IPv4 answered: firmware, iPXE and agent each take an address, and
// the loader comes by TFTP and by HTTP.
func TestMachinesBootByIPv6Alone(t *testing.T) {
	long(t)
	for _, tt := range []struct {
		firmware qemu.Firmware
		who      string
		loader   stage
	}{
		{qemu.UEFI, "REPLY: UEFI x64 gets", loader},
		{qemu.HTTP, "REPLY: UEFI x64 HTTP boot gets", stage{"files", "GET snponly.efi"}},
	} {
		t.Run(string(tt.firmware), func(t *testing.T) {
			r := start(t, virtualrack.Spec{IPv6: true, Machines: []virtualrack.MachineSpec{{Firmware: tt.firmware}}, Rules: waiting})
			began := time.Now()
			m := r.Machines()[0]
			r.powerOn(m)
			seen := r.awaitStatus(m.Name, "available", boundIPv6)
			t.Logf("available %.0f s after power-on", time.Since(began).Seconds())
			r.sawStages(m, []stage{
				{"dhcp", tt.who},
				tt.loader,
				{"dhcp", "REPLY: iPXE on UEFI x64 gets"},
				{"boot", "Decided agent"},
				{"files", "GET vmlinuz"},
				{"files", "GET initramfs"},
				{"dhcp", "REPLY: DHCPv6 client"},
				{"agent", "Reported"},
			})
			if a, err := netip.ParseAddr(seen.Address); err != nil || !a.Is6() {
				t.Errorf("it reported from %q, want its IPv6 address", seen.Address)
			}
		})
	}
}
