package report

// BMC is the management controller seen in-band.
type BMC struct {
	Address  string `json:"address,omitempty"`
	MAC      string `json:"mac,omitempty"`
	Firmware string `json:"firmware,omitempty"`
	Source   string `json:"source"`         // "ipmi", "smbios-42"
	Mode     string `json:"mode,omitempty"` // how it gets its address: "static", "dhcp", "firmware" or "other"
	// Users are those that have a name or are enabled. Nobody can read their passwords.
	Users []BMCUser `json:"users,omitempty"`
}

// BMCUser is one account of a BMC.
type BMCUser struct {
	Slot      int    `json:"slot"`
	Name      string `json:"name"` // "": whoever gives no name
	Enabled   bool   `json:"enabled"`
	Network   bool   `json:"network"`             // may log in over the network, by IPMI
	Privilege string `json:"privilege,omitempty"` // there: "callback", "user", "operator", "administrator" or "oem"
}

// BMCPlan answers the redemption of an order about the BMC: the user that is to be
// there as administrator, and how the BMC is to get its address.
type BMCPlan struct {
	User     string `json:"user"`     // at most 16 bytes
	Password string `json:"password"` // at most 20 bytes; a BMC that takes 16 gets the first 16
	// Network is nil where it stays as it is.
	Network *BMCNetwork `json:"network,omitempty"`
}

// BMCNetwork is how a BMC gets its address: by DHCP, or a static one of IPv4.
type BMCNetwork struct {
	DHCP    bool   `json:"dhcp,omitempty"`
	Address string `json:"address,omitempty"` // with prefix length
	Gateway string `json:"gateway,omitempty"`
}

// StepBMC is the step of an order about the BMC after StepRedeem.
const StepBMC = "bmc"
