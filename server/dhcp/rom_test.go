package dhcp

import (
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/iana"
)

// With own_loader an iPXE that can do less than ours is replaced first, and what
// replaces it gets the script: by what each says of itself, not by what it was
// sent before, so that nothing goes round.
func TestAnIPXEInAROMGetsOurLoaderFirst(t *testing.T) {
	const script = "http://10.80.12.1/boot/entry.ipxe"
	// As Debian 12's QEMU and Debian 13's undionly.kpxe say them, both with the
	// release 1.0.0.
	features := func(all ...byte) opt {
		list := []byte{235, 3, 1, 0, 0}
		for _, f := range all {
			list = append(list, f, 1, 1)
		}
		return option(175, list...)
	}
	rom, ours := features(16, 17, 18, 19, 21, 23, 24, 25, 33, 34, 39, 41), features(16, 17, 18, 19, 20, 21, 23, 24, 25, 33, 34, 38, 39, 41)
	for _, tt := range []struct {
		name, class string
		arch        iana.Arch
		says        opt
		off, on     string // the file, without own_loader and with it
		who         string // with it
	}{
		{"the ROM of a card", "iPXE", 0, rom, script, "undionly.kpxe", "another iPXE on BIOS"},
		{"the same for UEFI", "iPXE", 7, rom, script, "snponly.efi", "another iPXE on UEFI x64"},
		{"our loader", "iPXE", 0, ours, script, script, "iPXE on BIOS"},
		{"one that lists nothing", "iPXE", 0, text(12, "x"), script, script, "iPXE on BIOS"},
		{"a ROM with TFTP alone", "iPXE", 0, features(21), "undionly.kpxe", "undionly.kpxe", "another iPXE on BIOS"},
		{"gPXE, which is no iPXE", "gPXE", 0, rom, "undionly.kpxe", "undionly.kpxe", "BIOS"},
	} {
		for on, want := range map[bool]string{false: tt.off, true: tt.on} {
			s, m := labWith(t)
			s.cfg.OwnLoader = on
			client := []opt{text(60, "PXEClient:Arch:00000:UNDI:002001"), arch(tt.arch), text(77, tt.class), tt.says, wants("10.80.12.150")}
			ask(t, s, incoming(packetOf(discover, client...)))
			r, _ := ask(t, s, incoming(packetOf(request, append(client, toServer("10.80.12.1"))...)))
			if r == nil || r.BootFileName != want {
				t.Errorf("%s, own_loader %v: %v, want it sent to %s", tt.name, on, r, want)
				continue
			}
			if spared := string(r.Options.Get(optionIPXE)) == string(noProxies); spared != (tt.class == "iPXE") {
				t.Errorf("%s, own_loader %v: told not to wait for proxies: %v", tt.name, on, spared)
			}
			if row := strings.Join(m.texts(), "; "); on && !strings.Contains(row, "ACK: "+tt.who+" gets 10.80.12.150") {
				t.Errorf("%s: its row is %q, want it called %s", tt.name, row, tt.who)
			}
		}
	}
}
