package machine

import "slices"

// PCI is a device on the PCI bus.
type PCI struct {
	Address   string `json:"address"`
	Class     string `json:"class"`
	ID        string `json:"id"`
	Subsystem string `json:"subsystem,omitempty"`
	Driver    string `json:"driver,omitempty"`
}

// Kind is what a device is by its class (PCI Code and ID Assignment 1.16, 1.1), in
// the words of those who rack it; for classes that nobody racks, the digits.
func (p PCI) Kind() string {
	if len(p.Class) < 4 {
		return "device"
	}
	if kind := kinds[p.Class[:4]]; kind != "" {
		return kind
	}
	if kind := kinds[p.Class[:2]]; kind != "" {
		return kind
	}
	return "device of class " + p.Class
}

var kinds = map[string]string{
	"0104": "RAID controller", "0105": "ATA controller", "0106": "SATA controller", "0107": "SAS controller", "0108": "NVMe", "01": "storage",
	"0200": "Ethernet", "0207": "InfiniBand", "02": "network", "0302": "3D controller", "03": "display", "06": "bridge", "0c03": "USB", "0c04": "Fibre Channel",
	"08": "system device", "11": "signal processing", "12": "accelerator",
}

// RAID are the controllers of RAID, and of SAS, many of which are that too.
func (f *Facts) RAID() []PCI {
	return slices.DeleteFunc(slices.Clone(f.PCI), func(p PCI) bool {
		return len(p.Class) < 4 || p.Class[:4] != "0104" && p.Class[:4] != "0107"
	})
}

// Behind counts the disks that hang on a device.
func (f *Facts) Behind(p PCI) (n int) {
	for _, d := range f.Disks {
		if d.PCI == p.Address {
			n++
		}
	}
	return n
}
