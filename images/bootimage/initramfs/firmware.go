package initramfs

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// supply says which Debian package has the firmware of a driver.
type supply struct {
	driver string
	pkg    string
	files  string   // pattern of path.Match, for who names older versions, too
	lacks  []string // what the driver names and the package has not
	more   []string // what the driver asks for and does not name
	apart  bool     // it lies in an overlay, for few servers boot through such a card
}

// supplies are those of cards that do not run without firmware, or not whole: ice is
// in safe mode without its package, and hears no LLDP. The files lie in the archive
// as they are: each compressed by itself, as the kernel can load them, they are
// 22 kB more on the wire.
var supplies = []supply{
	{driver: "bna", pkg: "firmware-qlogic", apart: true},
	{driver: "bnx2", pkg: "firmware-bnx2"},
	{driver: "bnx2x", pkg: "firmware-bnx2x", files: "bnx2x/*-7.13.21.0.fw"},
	{driver: "cxgb3", pkg: "firmware-misc-nonfree"},
	{driver: "cxgb4", pkg: "firmware-misc-nonfree", apart: true, more: []string{"cxgb4/t4-config.txt", "cxgb4/t5-config.txt", "cxgb4/t6-config.txt"}},
	{driver: "e100", pkg: "firmware-intel-misc"},
	{driver: "ice", pkg: "firmware-intel-misc"},
	{driver: "liquidio", pkg: "firmware-cavium", apart: true},
	{driver: "myri10ge", pkg: "firmware-myricom", apart: true},
	{driver: "nfp", pkg: "firmware-netronome", apart: true, lacks: []string{
		"netronome/nic_AMDA0058-0011_2x40.nffw", "netronome/nic_AMDA0058-0012_2x40.nffw", "netronome/nic_AMDA0099-0001_1x10_1x25.nffw",
	}},
	{driver: "qed", pkg: "firmware-qlogic"},
	{driver: "r8169", pkg: "firmware-realtek"},
	{driver: "tehuti", pkg: "firmware-misc-nonfree"},
	{driver: "tg3", pkg: "firmware-misc-nonfree"},
}

// without are the drivers that are carried and whose firmware is not, and what
// becomes of their devices. A module that names firmware stands in one of the
// two lists, so that a new kernel cannot add to this one in silence.
var without = map[string]string{
	"cassini":    "Debian has it not: Sun's cards with a Saturn PHY may have no link",
	"isci":       "Debian has it not: Intel's C600 runs by what the BIOS hands it",
	"mtk_eth":    "only the accelerator of routers needs it",
	"netxen_nic": "Debian has it not: the cards run by what is in their flash",
	"qla2xxx":    "from 4 Gb/s on adapters run by what is in their flash, slower ones do not run",
	"qlcnic":     "Debian has it not: the cards run by what is in their flash",
}

// Firmware is what the archive holds for one driver.
type Firmware struct {
	Driver  string
	Package string // Debian's name
	Files   []string
}

// FirmwarePackages are the Debian packages that WriteBase takes firmware from.
func FirmwarePackages() []string {
	var all []string
	for _, s := range supplies {
		all = append(all, s.pkg)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// addFirmware puts what the modules name into the archive, from the trees of
// unpacked packages, but what lies apart, and answers what it put there and who goes
// without.
func (x index) addFirmware(files archive, trees map[string]fs.FS) (all []Firmware, lacking []string, err error) {
	for name, module := range x {
		i := slices.IndexFunc(supplies, func(s supply) bool { return s.driver == name })
		switch {
		case len(module.info.firmware) == 0 && i < 0, i >= 0 && supplies[i].apart:
		case i >= 0:
			one, err := supplies[i].add(files, module.info.firmware, trees)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, one)
		case without[name] != "":
			lacking = append(lacking, name)
		default:
			return nil, nil, fmt.Errorf("add firmware: %s names %s: say in firmware.go which package has it, or what becomes of the device without",
				name, strings.Join(module.info.firmware, ", "))
		}
	}
	slices.SortFunc(all, func(a, b Firmware) int { return strings.Compare(a.Driver, b.Driver) })
	slices.Sort(lacking)
	return all, lacking, nil
}

// add puts the files of one driver into the archive, under the names that it
// asks for: where these are links in the package, with what they lead to.
func (s supply) add(files archive, names []string, trees map[string]fs.FS) (Firmware, error) {
	one := Firmware{Driver: s.driver, Package: s.pkg}
	tree, ok := trees[s.pkg]
	if !ok {
		return one, fmt.Errorf("add firmware: of %s: package %s was not unpacked", s.driver, s.pkg)
	}
	for _, name := range slices.Concat(names, s.more) {
		if ok, err := path.Match(s.files, name); err != nil || s.files != "" && !ok || slices.Contains(s.lacks, name) {
			continue
		}
		content, err := fs.ReadFile(tree, "usr/lib/firmware/"+name)
		if err != nil {
			return one, fmt.Errorf("add firmware: of %s: %s has it not: %w", s.driver, s.pkg, err)
		}
		files.file("lib/firmware/"+name, content, 0o644)
		one.Files = append(one.Files, name)
	}
	if len(one.Files) == 0 {
		return one, fmt.Errorf("add firmware: %s names %q, none of them as %q: correct firmware.go", s.driver, names, s.files)
	}
	slices.Sort(one.Files)
	return one, nil
}
