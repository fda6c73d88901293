package dhcp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/boot"
)

func TestClassify(t *testing.T) {
	uuid97 := option(97, 0, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff)
	for _, tt := range []struct {
		name string
		opts []opt
		want boot.Request
		who  string
	}{
		{"a BIOS ROM", pxeBIOS, boot.Request{Stage: boot.StageFirmware, Platform: "bios"}, "BIOS"},
		{"a UEFI machine", pxeUEFI, boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 7}, "UEFI x64"},
		{"a UEFI machine with the old code", []opt{text(60, "PXEClient"), arch(9)}, boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 9}, "UEFI x64"},
		{"an ARM machine", pxeARM, boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 11}, "UEFI arm64"},
		{"a ROM from before option 93", []opt{text(60, "PXEClient")}, boot.Request{Stage: boot.StageFirmware, Platform: "bios"}, "BIOS"},
		{"a machine that prefers the first of two architectures", []opt{text(60, "PXEClient"), option(93, 0, 7, 0, 0)}, boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 7}, "UEFI x64"},
		{"an odd option 93", []opt{text(60, "PXEClient"), option(93, 7)}, boot.Request{Stage: boot.StageFirmware, Platform: "bios"}, "BIOS"},
		{"an architecture without a name", []opt{text(60, "PXEClient"), arch(37)}, boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 37}, "architecture 37"},
		{"UEFI HTTP boot", http64, boot.Request{Stage: boot.StageHTTP, Platform: "efi", Arch: 16}, "UEFI x64 HTTP boot"},
		{"iPXE with its bare user class", ipxe, boot.Request{Stage: boot.StageIPXE, Platform: "efi", Arch: 7}, "iPXE on UEFI x64"},
		{"iPXE with a user class as RFC 3004 has it", []opt{arch(0), option(77, 4, 'i', 'P', 'X', 'E')}, boot.Request{Stage: boot.StageIPXE, Platform: "bios"}, "iPXE on BIOS"},
		{"iPXE without HTTP needs our loader", []opt{arch(0), text(77, "iPXE"), option(175, 18, 1, 1)}, boot.Request{Stage: boot.StageFirmware, Platform: "bios"}, "another iPXE on BIOS"},
		{"iPXE that was keyed, and has HTTPS alone", []opt{arch(7), text(77, "iPXE"), option(175, 20, 1, 1, 18, 1, 1)}, boot.Request{Stage: boot.StageIPXE, Platform: "efi", Arch: 7}, "iPXE on UEFI x64"},
		{"iPXE with an option 175 that does not parse", []opt{arch(0), text(77, "iPXE"), option(175, 18, 9, 1)}, boot.Request{Stage: boot.StageIPXE, Platform: "bios"}, "iPXE on BIOS"},
		{"another user class is not iPXE", []opt{text(60, "PXEClient"), text(77, "iPXEx")}, boot.Request{Stage: boot.StageFirmware, Platform: "bios"}, "BIOS"},
		{"an operating system", []opt{text(60, "udhcp 1.35.0")}, boot.Request{}, "DHCP client udhcp 1.35.0"},
		{"an operating system that says nothing", nil, boot.Request{}, "DHCP client"},
		{"a vendor class with control characters", []opt{text(60, "a\r\nb\x00\x1b[1m")}, boot.Request{}, "DHCP client ab[1m"},
		{"a machine with a UUID", append([]opt{uuid97}, pxeUEFI...), boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 7, UUID: "33221100-5544-7766-8899-aabbccddeeff"}, "UEFI x64"},
		{"a UUID of another type", append([]opt{option(97, 1, 2, 3)}, pxeUEFI...), boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 7}, "UEFI x64"},
		{"a UUID of zeros", append([]opt{option(97, make([]byte, 17)...)}, pxeUEFI...), boot.Request{Stage: boot.StageFirmware, Platform: "efi", Arch: 7}, "UEFI x64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := classify(incoming(packetOf(dhcpv4.MessageTypeDiscover, tt.opts...)))
			if err != nil {
				t.Fatal(err)
			}
			tt.want.MAC = testMAC
			if diff := cmp.Diff(tt.want, q.boot); diff != "" {
				t.Errorf("classify() is not what was wanted (-want +got):\n%s", diff)
			}
			if got := q.who(); got != tt.who {
				t.Errorf("who() = %q, want %q", got, tt.who)
			}
		})
	}
}

func TestClassifyRefuses(t *testing.T) {
	change := func(f func(*dhcpv4.DHCPv4)) []byte {
		p := packetOf(dhcpv4.MessageTypeDiscover)
		f(p)
		return p.ToBytes()
	}
	whole := packetOf(dhcpv4.MessageTypeDiscover).ToBytes()
	for _, tt := range []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"half a header", whole[:100]},
		{"a header without a cookie", whole[:236]},
		{"a wrong cookie", append(append([]byte{}, whole[:236]...), 1, 2, 3, 4, 255)},
		{"options without an end", append(append([]byte{}, whole[:240]...), 53, 1, 1)},
		{"an option longer than the packet", append(append([]byte{}, whole[:240]...), 53, 200, 1)},
		{"a reply", change(func(p *dhcpv4.DHCPv4) { p.OpCode = dhcpv4.OpcodeBootReply })},
		{"token ring", change(func(p *dhcpv4.DHCPv4) { p.HWType = iana.HWTypeIEEE802 })},
		{"a hardware address of eight bytes", change(func(p *dhcpv4.DHCPv4) { p.ClientHWAddr = make([]byte, 8) })},
		{"no hardware address", change(func(p *dhcpv4.DHCPv4) { p.ClientHWAddr = make([]byte, 6) })},
		{"a group address", change(func(p *dhcpv4.DHCPv4) { p.ClientHWAddr = []byte{1, 0, 0x5e, 0, 0, 1} })},
		{"BOOTP", change(func(p *dhcpv4.DHCPv4) { p.Options.Del(dhcpv4.OptionDHCPMessageType) })},
		{"seventeen relays", change(func(p *dhcpv4.DHCPv4) { p.HopCount = 17 })},
		{"a group as the relay", change(func(p *dhcpv4.DHCPv4) { p.GatewayIPAddr = []byte{224, 0, 0, 1} })},
		{"everyone as the relay", change(func(p *dhcpv4.DHCPv4) { p.GatewayIPAddr = []byte{255, 255, 255, 255} })},
		{"ourselves as the relay", change(func(p *dhcpv4.DHCPv4) { p.GatewayIPAddr = slice(ourServer) })},
	} {
		if q, err := classify(incomingBytes(tt.data)); err == nil {
			t.Errorf("%s: classify() = %+v, want an error", tt.name, q)
		}
	}
}

// H-08: host names of strangers.
func TestHostNames(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"web1", "web1"},
		{"WEB1.example.com", "web1"},
		{"web1\x00", "web1"},
		{"", ""},
		{"-rf", ""},
		{"a b", ""},
		{"a\r\nb", ""},
		{"${net0/mac}", ""},
		{"../../etc/passwd", ""},
		{"*", ""},
		{"@", ""},
		{"näme", ""},
		{string(make([]byte, 255)), ""},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""},
	} {
		p := packetOf(dhcpv4.MessageTypeDiscover, text(12, tt.in))
		q, err := classify(incoming(p))
		if err != nil {
			t.Fatal(err)
		}
		if got := q.client(q.wants).Hostname; got != tt.want {
			t.Errorf("host name %q = %q, want %q", tt.in, got, tt.want)
		}
	}
}
