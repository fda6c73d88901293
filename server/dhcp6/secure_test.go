package dhcp6

import (
	"slices"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv6"
)

// A loader gets what it can check: one that is keyed a script over HTTPS, and
// any other of UEFI the loader that is, as long as HTTPS is on.
func TestWhoIsSentToHTTPS(t *testing.T) {
	asking := func(class []dhcpv6.Option, codes ...dhcpv6.OptionCode) []dhcpv6.Option {
		return append(slices.Clone(class), ia(), dhcpv6.OptRequestedOption(codes...))
	}
	network := []dhcpv6.OptionCode{dhcpv6.OptionDNSRecursiveNameServer, dhcpv6.OptionDomainSearchList, dhcpv6.OptionBootfileURL}
	keyed, stock := append(slices.Clone(network), dhcpv6.OptionVendorOpts), append(slices.Clone(network), dhcpv6.OptionBootfileParam)
	biosIPXE := append(classed("PXEClient:Arch:00000:UNDI:002001", 0), &dhcpv6.OptUserClass{UserClasses: [][]byte{[]byte("iPXE")}})
	const plain, secure, loader = "http://[2001:db8:12::1]:80/boot/entry.ipxe", "https://[2001:db8:12::1]:443/boot/entry.ipxe", "tftp://[2001:db8:12::1]/snponly.efi"
	for _, tt := range []struct {
		name    string
		opts    []dhcpv6.Option
		off, on string // the URL, with HTTPS off and on
	}{
		{"keyed iPXE", asking(ipxe64, keyed...), "", secure},
		{"stock iPXE of UEFI, or a ROM", asking(ipxe64, stock...), plain, loader},
		{"iPXE of BIOS", asking(biosIPXE, stock...), plain, plain},
		{"UEFI", asking(pxeUEFI, keyed...), loader, loader},
	} {
		for on, want := range map[bool]string{false: tt.off, true: tt.on} {
			s, _ := labWith(t)
			s.cfg.Secure = on
			r := ask(t, s, incoming(message(solicit, tt.opts...)))
			if r == nil {
				t.Fatalf("%s, HTTPS %v: silence", tt.name, on)
			}
			if got := r.Options.BootFileURL(); got != want {
				t.Errorf("%s, HTTPS %v: it is sent to %q, want %q", tt.name, on, got, want)
			}
		}
	}
}
