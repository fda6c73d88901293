package operate

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// offers answers as DHCP does, and refuses what is longer than a packet.
func offers(_ context.Context, s *machine.Subnet, f boot.Firmware) (boot.Offer, error) {
	o := boot.Offer{Who: f.Vendor, Server: netip.MustParseAddr("10.80.12.1")}
	switch {
	case f.Vendor == "too long":
		return o, errors.New("a packet of 3000 bytes")
	case f.Arch == 16:
		o.File, o.Signed = "http://10.80.12.1/boot/loaders/shimx64.efi", "its subnet says so"
	case s.Policy == machine.PolicyIgnore:
		o.Silent = "the subnet ignores it"
	case f.User == "iPXE":
		o.File = "http://10.80.12.1/boot/entry.ipxe"
	case f.Arch == 6:
		o.Why = "no boot loader for this architecture"
	default:
		o.File = "snponly.efi"
	}
	return o, nil
}

func TestSimulateGoesStepByStep(t *testing.T) {
	d, _ := desk(t)
	d.Offer = offers
	s, err := d.Simulate(t.Context(), BootClient{})
	if err != nil {
		t.Fatal(err)
	}
	want := []BootStep{
		{"DISCOVER of PXEClient:Arch:00007:UNDI:003016", "snponly.efi by TFTP from 10.80.12.1"},
		{"DISCOVER of PXEClient:Arch:00007:UNDI:003016", "http://10.80.12.1/boot/entry.ipxe"},
		{"GET http://10.80.12.1/boot/entry.ipxe", "agent: it is not known and its subnet registers such machines"},
	}
	if diff := cmp.Diff(want, s.Steps); diff != "" || s.Boot.Script == "" || s.Boot.Known.Machine != nil {
		t.Errorf("Simulate() = %+v (-want +got):\n%s", s, diff)
	}
	if s, err = d.Simulate(t.Context(), BootClient{Arch: "x86"}); err != nil || len(s.Steps) != 1 || s.Steps[0].Gets != "an address, and nothing to boot: no boot loader for this architecture" || s.Boot != nil {
		t.Errorf("Simulate(x86) = %+v, %v, want one step and no script", s, err)
	}
}

func TestSimulateChoosesTheOverlaysOfACard(t *testing.T) {
	d, _ := desk(t)
	d.Offer = offers
	d.DB.BootImages = map[string][]boot.Overlay{"amd64": {{Driver: "bna", PCI: []string{"1657:0014"}}, {Driver: "cxgb4", PCI: []string{"1425:5410"}}}}
	const agent = "agent: it is not known and its subnet registers such machines"
	for card, want := range map[string]string{
		"1425:5410": agent + "; overlay cxgb4 for 1425:5410",
		"8086:100E": agent,
		"":          agent + "; all overlays, for its loader does not tell through which card it boots: bna cxgb4",
	} {
		s, err := d.Simulate(t.Context(), BootClient{Card: card})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Steps[len(s.Steps)-1].Gets; got != want {
			t.Errorf("Simulate(%q) ends in %q, want %q", card, got, want)
		}
	}
	for _, junk := range []string{"1425", "1425-5410", "142:5410", "14255410:", "1425:541g", "1425:-410"} {
		var refused *Refused
		if _, err := d.Simulate(t.Context(), BootClient{Card: junk}); !errors.As(err, &refused) || refused.Field != "card" {
			t.Errorf("Simulate(%q) = %v, want its card refused", junk, err)
		}
	}
}

func TestSimulateGoesByTheSignedLoaders(t *testing.T) {
	d, _ := desk(t)
	d.Offer = offers
	s, err := d.Simulate(t.Context(), BootClient{Firmware: "http"})
	if err != nil {
		t.Fatal(err)
	}
	want := []BootStep{
		{"DISCOVER of HTTPClient:Arch:00016:UNDI:003001", "http://10.80.12.1/boot/loaders/shimx64.efi, and then GRUB: its subnet says so"},
		{"GET the configuration of GRUB", "agent: it is not known and its subnet registers such machines"},
	}
	if diff := cmp.Diff(want, s.Steps); diff != "" {
		t.Errorf("Simulate() (-want +got):\n%s", diff)
	}
}

func TestSimulateReadsWordsInEitherCase(t *testing.T) {
	d, _ := desk(t)
	d.Offer = offers
	if s, err := d.Simulate(t.Context(), BootClient{Firmware: "BIOS", Arch: "X64"}); err != nil || s.Boot.Request.Platform != "bios" {
		t.Errorf("Simulate(BIOS) = %+v, %v, want platform bios", s, err)
	}
}

func TestSimulateSaysWhatIsWrong(t *testing.T) {
	d, _ := desk(t)
	d.Offer = offers
	for want, c := range map[string]BootClient{
		`firmware "coreboot": there is no such firmware: one of bios, uefi, http (UEFI's HTTP boot)`:                                                        {Firmware: "coreboot"},
		`arch "sparc": firmware uefi has no such architecture: one of arm32, arm64, riscv32, riscv64, x64, x86, or the number of DHCP option 93 (RFC 4578)`: {Arch: "sparc"},
		`arch "65536": firmware bios has no such architecture: one of x64, x86, or the number of DHCP option 93 (RFC 4578)`:                                 {Firmware: "bios", Arch: "65536"},
		`subnet "mars": there is no such subnet: name one of lab`:                                                                                           {Subnet: "mars"},
		`vendor_class "too long": a packet of 3000 bytes: give it as the machine sends it, such as PXEClient:Arch:00007:UNDI:003016`:                        {Vendor: "too long"},
	} {
		if _, err := d.Simulate(t.Context(), c); err == nil || err.Error() != want {
			t.Errorf("Simulate(%+v) = %v, want %s", c, err, want)
		}
	}
	if _, err := d.Simulate(t.Context(), BootClient{Ref: "nobody"}); !errors.Is(err, machine.ErrNotFound) {
		t.Errorf("Simulate(nobody) = %v, want ErrNotFound", err)
	}
}
