package machine

// Facts is what the agent saw of a machine's hardware, as ServerDb keeps it.
// Sizes are in bytes, speeds in Mb/s.
type Facts struct {
	Vendor         string    `json:"vendor"`
	Product        string    `json:"product"`
	Serial         string    `json:"serial,omitempty"` // as firmware shows it now; the record keeps the one it is known by
	SKU            string    `json:"sku,omitempty"`
	BoardSN        string    `json:"board_serial,omitempty"`
	ChassisSN      string    `json:"chassis_serial,omitempty"`
	Firmware       string    `json:"firmware"`
	Platform       string    `json:"platform"` // bios or efi
	SecureBoot     bool      `json:"secure_boot"`
	Kernel         string    `json:"kernel"`
	Arch           string    `json:"arch"`
	Sockets        int       `json:"sockets"`
	Cores          int       `json:"cores"`
	Threads        int       `json:"threads"`
	CPU            string    `json:"cpu"`
	Memory         uint64    `json:"memory"`
	DIMMs          []DIMM    `json:"dimms"`
	Disks          []Disk    `json:"disks"`
	NICs           []Port    `json:"nics"`
	BMC            bool      `json:"bmc"`
	BMCMode        string    `json:"bmc_mode,omitempty"` // how it gets its address: static, dhcp, firmware or other
	BMCUsers       []BMCUser `json:"bmc_users,omitempty"`
	FirmwareVendor string    `json:"firmware_vendor,omitempty"`
	FirmwareDate   string    `json:"firmware_date,omitempty"`
	Board          string    `json:"board,omitempty"` // product
	ChassisVendor  string    `json:"chassis_vendor,omitempty"`
	ChassisType    string    `json:"chassis_type,omitempty"`
	Asset          string    `json:"asset,omitempty"`
	Microcode      string    `json:"microcode,omitempty"` // of all sockets, where they differ
	PCI            []PCI     `json:"pci,omitempty"`
	// Missing names what the agent could not read.
	Missing []string `json:"missing,omitempty"`
}

// BMCUser is one account of the machine's BMC, as its agent saw it.
type BMCUser struct {
	Slot      int    `json:"slot"`
	Name      string `json:"name"`
	Enabled   bool   `json:"enabled"`
	Network   bool   `json:"network"`
	Privilege string `json:"privilege,omitempty"`
}

// DIMM is one slot for memory, with what is in it.
type DIMM struct {
	Slot   string `json:"slot"`
	Empty  bool   `json:"empty,omitempty"`
	Bytes  uint64 `json:"bytes"`
	Type   string `json:"type,omitempty"`
	MTs    int    `json:"mts,omitempty"`
	Vendor string `json:"vendor,omitempty"`
	Part   string `json:"part,omitempty"`
	Serial string `json:"serial,omitempty"`
}

// Disk is one whole disk.
type Disk struct {
	Name       string    `json:"name"`
	Serial     string    `json:"serial"`
	WWN        string    `json:"wwn,omitempty"`
	Model      string    `json:"model"`
	Bytes      uint64    `json:"bytes"`
	Transport  string    `json:"transport"`
	Rotational bool      `json:"rotational"`
	RPM        int       `json:"rpm,omitempty"`
	Firmware   string    `json:"firmware,omitempty"`
	Logical    int       `json:"logical_block,omitempty"`
	Physical   int       `json:"physical_block,omitempty"`
	PCI        string    `json:"pci,omitempty"`
	Slot       string    `json:"slot,omitempty"`
	Contents   []Content `json:"contents,omitempty"`
	Health     *Health   `json:"health,omitempty"`
}

// Content is something found on a disk.
type Content struct {
	Device string `json:"device"`
	Kind   string `json:"kind"`
	Type   string `json:"type"`
	Label  string `json:"label,omitempty"`
	Bytes  uint64 `json:"bytes,omitempty"`
	Used   uint64 `json:"used,omitempty"`
}

// Port is a NIC as the hardware has it.
type Port struct {
	Name   string `json:"name"`
	MAC    MAC    `json:"mac"`
	Driver string `json:"driver"`
	Link   bool   `json:"link"`
	Mbps   int    `json:"mbps,omitempty"`

	PermanentMAC MAC    `json:"permanent_mac,omitzero"`
	Firmware     string `json:"firmware,omitempty"`
	PCI          string `json:"pci,omitempty"` // address
	ID           string `json:"pci_id,omitempty"`
	TotalVFs     int    `json:"total_vfs,omitempty"`
	VFs          int    `json:"vfs,omitempty"`
}
