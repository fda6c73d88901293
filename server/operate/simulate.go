package operate

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

// BootClient is a machine as its firmware shows itself. Empty fields are those
// of a UEFI machine with x64 that nobody knows, on the only subnet.
type BootClient struct {
	Ref      string // a machine, or a MAC
	Subnet   string
	Firmware string // bios, uefi or http: UEFI's HTTP boot
	Arch     string // x64, x86 or arm64, or the number of DHCP option 93
	Card     string // PCI numbers of the card that it boots through: 1425:5410
	Vendor   string // option 60, where it is not the one of the firmware
}

// BootStep is one thing that a booting machine asks, and what it gets.
type BootStep struct{ Asks, Gets string }

// Simulation is a boot that nobody did.
type Simulation struct {
	Steps []BootStep
	Boot  *Explanation // what comes of it; nil: it never gets as far as a script
	// Options are the sets of DHCP options that apply to it there, the nearest first.
	Options []machine.AppliedSet
}

// nobody is the MAC of a machine that nobody knows: a local one that no vendor
// has.
var nobody = machine.MAC{0x02, 0x46, 0x4c, 0, 0, 1}

// Simulate tells what a machine would be told, step by step, if it booted from
// the network now: by the code that answers machines, and written nowhere.
func (d *Desk) Simulate(ctx context.Context, c BootClient) (*Simulation, error) {
	f, err := c.firmware()
	if err != nil {
		return nil, err
	}
	req, subnet, err := d.asker(ctx, cmp.Or(c.Ref, nobody.String()))
	if err != nil {
		return nil, err
	}
	if subnet, err = d.on(c.Subnet, subnet); err != nil {
		return nil, err
	}
	if c.Card != "" {
		if req.Card, err = card(c.Card); err != nil {
			return nil, err
		}
	}
	f.MAC, req.Subnet, req.Arch, req.Platform = req.MAC, subnet.Name, f.Arch, "efi"
	if strings.EqualFold(c.Firmware, "bios") {
		req.Platform = "bios"
	}
	s := &Simulation{Options: d.optionsAt(subnet, req.MAC)}
	asks, err := d.loads(ctx, s, subnet, f)
	if err != nil || asks == "" {
		return s, err
	}
	s.Boot = &Explanation{}
	err = d.decide(s.Boot, req, subnet)
	gets := fmt.Sprintf("%s: %s", cmp.Or(s.Boot.Answer.Target, "nothing"), s.Boot.Answer.Why)
	if besides := boot.Besides(s.Boot.Request, s.Boot.Answer); besides != "" {
		gets += "; " + besides
	}
	s.Steps = append(s.Steps, BootStep{Asks: asks, Gets: gets})
	return s, err
}

// Options gives the sets of DHCP options that apply to a machine, or to a MAC
// that nobody knows, where it was last, the nearest first.
func (d *Desk) Options(ctx context.Context, ref string) ([]machine.AppliedSet, error) {
	req, subnet, err := d.asker(ctx, ref)
	if err != nil || subnet == nil {
		return nil, err
	}
	return d.optionsAt(subnet, req.MAC), nil
}

// optionsAt are those on a subnet. Only a server of addresses gives options, and
// sets are of DHCPv4.
func (d *Desk) optionsAt(subnet *machine.Subnet, mac machine.MAC) []machine.AppliedSet {
	if subnet.Mode != machine.ModeServer || subnet.Is6() {
		return nil
	}
	m, _ := d.DB.ByMAC(mac)
	return d.DB.DHCPOptions().Explain(subnet.Name, m)
}

// loads follows the firmware, then the loader that it was given, to how that
// asks for its script; "": it gets no further.
func (d *Desk) loads(ctx context.Context, s *Simulation, subnet *machine.Subnet, f boot.Firmware) (asks string, err error) {
	for _, f.User = range []string{"", "iPXE"} {
		offer, err := d.step(ctx, s, subnet, f)
		switch {
		case err != nil || offer.File == "":
			return "", err
		case offer.Signed != "": // GRUB asks nobody for an address again
			return "GET the configuration of GRUB", nil
		}
		asks = "GET " + offer.File
	}
	return asks, nil
}

// step is one DISCOVER, or Solicit.
func (d *Desk) step(ctx context.Context, s *Simulation, subnet *machine.Subnet, f boot.Firmware) (boot.Offer, error) {
	o, err := d.Offer(ctx, subnet, f)
	if err != nil {
		return o, &Refused{Field: "vendor_class", Value: f.Vendor, Why: err.Error(), Remedy: "give it as the machine sends it, such as PXEClient:Arch:00007:UNDI:003016"}
	}
	gets := "an address, and nothing to boot"
	switch {
	case o.Silent != "":
		gets = "silence: " + o.Silent
	case strings.Contains(o.File, "://"):
		gets = o.File
	case o.File != "":
		gets = o.File + " by TFTP from " + o.Server.String()
	case o.Why != "":
		gets += ": " + o.Why
	}
	if o.Signed != "" {
		gets += ", and then GRUB: " + o.Signed
	}
	asks := "DISCOVER of "
	if subnet.Is6() {
		asks = "SOLICIT of "
	}
	s.Steps = append(s.Steps, BootStep{Asks: asks + o.Who, Gets: gets})
	return o, nil
}

// on finds the subnet that is named, or takes the one where the machine was.
func (d *Desk) on(name string, was *machine.Subnet) (*machine.Subnet, error) {
	var names []string
	for _, s := range d.DB.Subnets() {
		names = append(names, s.Name)
	}
	remedy := "name one of " + strings.Join(names, ", ")
	if name == "" && was == nil {
		return nil, &Refused{Field: "subnet", Why: "where the machine boots is not known", Remedy: remedy}
	}
	if name == "" {
		return was, nil
	}
	s, err := d.DB.Subnet(name)
	if err != nil {
		return nil, &Refused{Field: "subnet", Value: name, Why: "there is no such subnet", Remedy: remedy}
	}
	return s, nil
}

// card reads the PCI numbers of a card as lspci writes them.
func card(text string) (string, error) {
	text = strings.ToLower(text)
	vendor, device, ok := strings.Cut(text, ":")
	_, bad := strconv.ParseUint(vendor+device, 16, 32)
	if !ok || bad != nil || len(vendor) != 4 || len(device) != 4 {
		return "", &Refused{Field: "card", Value: text, Why: "that is no PCI vendor and device", Remedy: "give them as lspci -n does, such as 1425:5410"}
	}
	return text, nil
}

// firmware is what the client says of itself.
func (c BootClient) firmware() (boot.Firmware, error) {
	kind := cmp.Or(strings.ToLower(c.Firmware), "uefi")
	codes := boot.ArchCodes(kind)
	if len(codes) == 0 {
		return boot.Firmware{}, &Refused{Field: "firmware", Value: c.Firmware, Why: "there is no such firmware", Remedy: "one of bios, uefi, http (UEFI's HTTP boot)"}
	}
	arch := cmp.Or(strings.ToLower(c.Arch), "x64")
	code, ok := codes[arch]
	if !ok {
		n, err := strconv.ParseUint(arch, 10, 16)
		if err != nil {
			return boot.Firmware{}, &Refused{
				Field: "arch", Value: c.Arch, Why: "firmware " + kind + " has no such architecture",
				Remedy: "one of " + strings.Join(boot.Architectures(kind), ", ") + ", or the number of DHCP option 93 (RFC 4578)",
			}
		}
		code = uint16(n)
	}
	class := "PXEClient:Arch:%05d:UNDI:003016"
	if kind == "http" {
		class = "HTTPClient:Arch:%05d:UNDI:003001"
	}
	return boot.Firmware{Arch: code, Vendor: cmp.Or(c.Vendor, fmt.Sprintf(class, code))}, nil
}
