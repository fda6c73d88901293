package dhcp

import (
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// A loader gets what it can check: one that is keyed a script over HTTPS, and
// any other of UEFI the loader that is, as long as HTTPS is on.
func TestWhoIsSentToHTTPS(t *testing.T) {
	keyedIPXE := []opt{text(60, "PXEClient:Arch:00007:UNDI:003010"), arch(7), text(77, "iPXE"), option(175, 20, 1, 1, 18, 1, 1)}
	biosIPXE := []opt{text(60, "PXEClient:Arch:00000:UNDI:002001"), arch(0), text(77, "iPXE"), option(175, 19, 1, 1)}
	const plain, secure = "http://10.80.12.1/boot/entry.ipxe", "https://10.80.12.1/boot/entry.ipxe"
	for _, tt := range []struct {
		name    string
		opts    []opt
		off, on string // the file, with HTTPS off and on
	}{
		{"keyed iPXE", keyedIPXE, "", secure},
		{"stock iPXE of UEFI, or a ROM", ipxe, plain, "snponly.efi"},
		{"iPXE of BIOS", biosIPXE, plain, plain},
		{"UEFI", pxeUEFI, "snponly.efi", "snponly.efi"},
	} {
		for _, on := range []bool{false, true} {
			s, _ := labWith(t)
			s.cfg.Secure = on
			want := tt.off
			if on {
				want = tt.on
			}
			r, _ := ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover, tt.opts...)))
			if r == nil {
				t.Fatalf("%s, HTTPS %v: silence", tt.name, on)
			}
			if r.BootFileName != want {
				t.Errorf("%s, HTTPS %v: it is sent to %q, want %q", tt.name, on, r.BootFileName, want)
			}
		}
	}
}
