package report

// Welcome answers a Report.
type Welcome struct {
	Name     string `json:"name"`     // the machine's name in ServerDb
	Status   string `json:"status"`   // its status
	Sentence string `json:"sentence"` // what it waits for, one sentence for a person
	Page     string `json:"page"`     // address of its page, for the QR code
}

// Actions that an Order can ask for. An agent refuses the ones it does not know.
const (
	ActionInstall  = "install"  // redeem Token, then carry out the Plan
	ActionErase    = "erase"    // redeem Token, then carry out the ErasePlan
	ActionBMC      = "bmc"      // redeem Token, then carry out the BMCPlan; or disable Retire
	ActionCheck    = "check"    // carry out Check, and answer with Measured
	ActionReboot   = "reboot"   // restart the machine
	ActionPowerOff = "poweroff" // stop the machine
	ActionReport   = "report"   // collect and report again
)

// Order is one thing that the appliance wants of a machine. The long poll
// (GET /agent/v1/order?wait=55s) answers 200 with an Order, or 204 when there
// is none after the wait.
type Order struct {
	ID       string `json:"id"`
	Action   string `json:"action"`
	Token    string `json:"token,omitempty"` // single use, for destructive actions
	Sentence string `json:"sentence"`        // shown on the console
	// Check is what ActionCheck asks for.
	Check *CheckPlan `json:"check,omitempty"`
	// Retire is a user of the BMC that ActionBMC disables; there is no token then.
	Retire string `json:"retire,omitempty"`
}

// Redeem trades an order's token for its Plan, ErasePlan or BMCPlan, once. It is sent before the
// first write to any disk; the appliance answers 401 when status, job, token or
// identity disagree, and the agent then writes nothing.
type Redeem struct {
	Order string `json:"order"`
	Token string `json:"token"`
}

// Plan says what to write where.
type Plan struct {
	Disk  Target            `json:"disk"`
	Image Image             `json:"image"`
	Host  string            `json:"host"` // host name, for the console
	Seed  map[string]string `json:"seed"` // NoCloud files by name: meta-data, user-data, network-config
}

// Target names a disk by what is written on it, never by its kernel name. The
// agent refuses when no disk, or more than one, has the serial and the size.
type Target struct {
	Serial string `json:"serial"`
	Bytes  uint64 `json:"bytes"`
}

// Image is a raw disk image compressed with zstd.
type Image struct {
	Name       string `json:"name"`
	Path       string `json:"path"`       // on the appliance, from the root; served with Range
	Compressed int64  `json:"compressed"` // bytes on the wire
	Bytes      int64  `json:"bytes"`      // bytes on the disk
	SHA256     string `json:"sha256"`     // of the raw bytes, lower-case hex
	// CompressedSHA256 is of the bytes on the wire. Where it is given, an agent
	// may check it in place of SHA256: the one decides the other, and there are a
	// fifth as many bytes to hash.
	CompressedSHA256 string `json:"compressed_sha256,omitempty"`
}

// Steps of an install, in their order, as an agent names them in Progress.
const (
	StepRedeem = "redeem"
	StepWrite  = "write"  // stream the image to the disk; Done and Total in raw bytes
	StepVerify = "verify" // hash agreed, partition table readable again
	StepGrow   = "grow"   // last partition reaches the end of the disk
	StepSeed   = "seed"   // NoCloud files written
	StepBoot   = "boot"   // UEFI boot order set and read back
)

// Progress tells how an order is getting on.
type Progress struct {
	Order   string   `json:"order"`
	Step    string   `json:"step"`
	Message string   `json:"message,omitempty"`
	Done    int64    `json:"done,omitempty"`
	Total   int64    `json:"total,omitempty"`
	Console []string `json:"console,omitempty"` // of agents that know no Log: console lines since the last Progress
}

// Result ends an order. An install's Result is sent before the reboot.
type Result struct {
	Order string `json:"order"`
	OK    bool   `json:"ok"`
	Step  string `json:"step,omitempty"`  // where it stopped
	Error string `json:"error,omitempty"` // one sentence
	// BootOrder is UEFI's order as it reads back after an install; see Boot.Order.
	BootOrder []string `json:"boot_order,omitempty"`
	Erased    []Erased `json:"erased,omitempty"` // by an erase, each disk of its plan
	// Measured is what a check found, part by part, also where OK is false: OK says
	// that the plan was carried out to its end, not that the machine is well.
	Measured []Measured `json:"measured,omitempty"`
}

// Error is the body of every refusal.
type Error struct {
	Error string `json:"error"`
}

// Home is what an installed system says once, on its first boot.
type Home struct {
	Hostname string `json:"hostname"`
	BootID   string `json:"boot_id"`
	Kernel   string `json:"kernel"`
}
