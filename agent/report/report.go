// Package report is the wire format between the agent and the appliance: what
// a machine says of itself, the orders it gets and how it answers them.
//
// It promises that every field keeps its name and meaning for as long as
// Version 1 is spoken: agents sit in images that nobody rebuilds for years.
// The files under testdata/v1 hold it to that. It is the only package that both
// sides import; it imports nothing of ours.
package report

import "time"

// Version is the wire format that this package speaks.
const Version = 1

// Report is what a machine says of itself once its agent is up. Sizes are in
// bytes, speeds in Mb/s, times in UTC. A fact that could not be read is left
// at its zero value and named in Missing.
type Report struct {
	Version   int           `json:"version"`
	Boot      Boot          `json:"boot"`
	System    System        `json:"system"`
	Board     Board         `json:"board"`
	Chassis   Chassis       `json:"chassis"`
	Firmware  Firmware      `json:"firmware"`
	CPUs      []CPU         `json:"cpus"`
	Memory    uint64        `json:"memory"`
	DIMMs     []DIMM        `json:"dimms"`
	Disks     []Disk        `json:"disks"`
	NICs      []NIC         `json:"nics"`
	PCI       []PCI         `json:"pci,omitempty"`
	BMC       *BMC          `json:"bmc,omitempty"`
	OS        *OS           `json:"os,omitempty"` // of a report that was not made by the boot image
	Missing   []string      `json:"missing,omitempty"`
	Collected time.Duration `json:"collected"` // how long collecting took, in nanoseconds
}

// Boot says how this run of the agent came to be.
type Boot struct {
	ID       string    `json:"id"`       // /proc/sys/kernel/random/boot_id
	Kernel   string    `json:"kernel"`   // uname -r
	Arch     string    `json:"arch"`     // GOARCH
	Platform string    `json:"platform"` // "bios" or "efi"
	MAC      string    `json:"mac"`      // of the NIC that booted, from BOOTIF; with an OS and no BOOTIF, of the default route's
	Started  time.Time `json:"started"`  // kernel start by the machine's own clock
	Uptime   float64   `json:"uptime"`   // seconds since kernel start
	Agent    string    `json:"agent"`    // the agent's build version
	// Order is UEFI's boot order by what its entries lead to: "network",
	// "firstlight" for the entry of an install, "device" for any other. Those that
	// the firmware passes over are left out.
	Order []string `json:"order,omitempty"`
}

// OS is the operating system that a machine in use was running when its report
// was made, by firstlight-agent report --from-os. Its kernel is Boot.Kernel.
type OS struct {
	Hostname string `json:"hostname"`
	Release  string `json:"release"` // PRETTY_NAME of os-release(5)
}

// System is SMBIOS type 1.
type System struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product"`
	Serial  string `json:"serial"`
	UUID    string `json:"uuid"`
	SKU     string `json:"sku,omitempty"`
	Family  string `json:"family,omitempty"`
}

// Board is SMBIOS type 2.
type Board struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product"`
	Serial  string `json:"serial"`
}

// Chassis is SMBIOS type 3.
type Chassis struct {
	Vendor string `json:"vendor"`
	Serial string `json:"serial"`
	Asset  string `json:"asset"`
	Type   string `json:"type,omitempty"` // "Rack Mount Chassis", "Blade", …
}

// Firmware is SMBIOS type 0.
type Firmware struct {
	Vendor     string `json:"vendor"`
	Version    string `json:"version"`
	Date       string `json:"date"`
	SecureBoot bool   `json:"secure_boot"`
}

// CPU is one socket.
type CPU struct {
	Socket  string `json:"socket"`
	Model   string `json:"model"`
	Cores   int    `json:"cores"`
	Threads int    `json:"threads"`
	// Microcode is its revision, as the kernel shows it.
	Microcode string `json:"microcode,omitempty"`
}

// DIMM is one slot for memory of SMBIOS type 17, with what is in it. The size of
// a module is 0 where firmware does not know it.
type DIMM struct {
	Slot   string `json:"slot"`
	Empty  bool   `json:"empty,omitempty"` // the first agents left empty slots out
	Bytes  uint64 `json:"bytes"`
	Type   string `json:"type,omitempty"`
	MTs    int    `json:"mts,omitempty"` // mega-transfers per second
	Vendor string `json:"vendor,omitempty"`
	Part   string `json:"part,omitempty"`
	Serial string `json:"serial,omitempty"`
}

// Disk is one whole block device that is not removable.
type Disk struct {
	Name       string    `json:"name"`   // kernel name, valid for this boot only
	Serial     string    `json:"serial"` // identity; empty disks cannot be installed to
	WWN        string    `json:"wwn,omitempty"`
	Model      string    `json:"model"`
	Bytes      uint64    `json:"bytes"`
	Transport  string    `json:"transport"` // nvme, sata, sas, virtio, …
	Rotational bool      `json:"rotational"`
	RPM        int       `json:"rpm,omitempty"` // 0: not known, or nothing turns
	Firmware   string    `json:"firmware,omitempty"`
	Logical    int       `json:"logical_block,omitempty"`  // bytes of what it addresses
	Physical   int       `json:"physical_block,omitempty"` // bytes of what it writes at once
	PCI        string    `json:"pci,omitempty"`            // address of the controller that it hangs on
	Slot       string    `json:"slot,omitempty"`           // as an enclosure, or the board, names it
	Contents   []Content `json:"contents"`                 // empty: nothing was found on it
	Health     *Health   `json:"health,omitempty"`         // nil: it does not tell
}

// Health is what a disk says of itself. Counters are of all its life.
type Health struct {
	Source string `json:"source"` // "nvme", "ata" or "scsi": where it is from
	// Says is what the disk itself says is wrong, each a clause ("it predicts its own
	// failure"), with value and limit where it has them.
	Says          []string `json:"says,omitempty"`
	Hours         uint64   `json:"hours,omitempty"`         // with power
	Celsius       int      `json:"celsius,omitempty"`       // now
	Used          *int     `json:"used,omitempty"`          // percent of the life that its maker gives it; may be more than 100
	Spare         *int     `json:"spare,omitempty"`         // percent left of the blocks that replace others
	SpareLimit    int      `json:"spare_limit,omitempty"`   // below which the disk warns
	MediaErrors   uint64   `json:"media_errors,omitempty"`  // reads that no correction helped
	Reallocated   uint64   `json:"reallocated,omitempty"`   // sectors that others replace
	Pending       uint64   `json:"pending,omitempty"`       // sectors that cannot be read, and wait to be written
	Uncorrectable uint64   `json:"uncorrectable,omitempty"` // sectors that its own scan could not read
}

// Content is something found on a disk, read without writing: a partition
// table, a file system, a member of a RAID or of a volume group.
type Content struct {
	Device string `json:"device"`          // kernel name of the disk or partition
	Kind   string `json:"kind"`            // "partition-table", "filesystem", "raid", "lvm", "crypt", "swap", "loader", "unreadable", "data"
	Type   string `json:"type"`            // gpt, dos, ext4, xfs, mdraid, lvm2, luks, …
	Label  string `json:"label,omitempty"` // as written by strangers: data, never markup
	Bytes  uint64 `json:"bytes,omitempty"` // size of the device or file system
	Used   uint64 `json:"used,omitempty"`  // bytes in use, where the superblock tells
}

// NIC is one Ethernet interface.
type NIC struct {
	Name         string   `json:"name"`
	MAC          string   `json:"mac"`
	PermanentMAC string   `json:"permanent_mac,omitempty"`
	Driver       string   `json:"driver"`
	Link         bool     `json:"link"`
	Mbps         int      `json:"mbps,omitempty"`
	Firmware     string   `json:"firmware,omitempty"`  // where its driver tells it by a file
	PCI          string   `json:"pci,omitempty"`       // address
	ID           string   `json:"pci_id,omitempty"`    // vendor:device
	TotalVFs     int      `json:"total_vfs,omitempty"` // virtual functions that it can have (SR-IOV)
	VFs          int      `json:"vfs,omitempty"`       // and has
	Addresses    []string `json:"addresses,omitempty"` // with prefix length; also those of bonds, bridges and VLANs on it
	// Neighbour is at the other end of the cable, by LLDP; nil: none was heard yet.
	Neighbour *Neighbour `json:"neighbour,omitempty"`
}

// PCI is one function of a device on the PCI bus; virtual functions are left out.
type PCI struct {
	Address   string `json:"address"`             // domain:bus:device.function
	Class     string `json:"class"`               // six hexadecimal digits
	ID        string `json:"id"`                  // vendor:device
	Subsystem string `json:"subsystem,omitempty"` // vendor:device of the card
	Driver    string `json:"driver,omitempty"`    // that has it; "": none
}

// Neighbour is what the other end of a cable says of itself by LLDP (IEEE
// 802.1AB): its own words, of which each is printable and has at most 255 bytes.
type Neighbour struct {
	Chassis     string `json:"chassis"`
	ChassisKind string `json:"chassis_kind"` // "mac", "name", "address" or "local"
	Port        string `json:"port"`
	PortKind    string `json:"port_kind"`                  // as of the chassis
	PortText    string `json:"port_description,omitempty"` // for people, and on some switches the port's name
	System      string `json:"system_name,omitempty"`
	SystemText  string `json:"system_description,omitempty"`
	Management  string `json:"management,omitempty"` // IP address
}
