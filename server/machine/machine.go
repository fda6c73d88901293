package machine

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// ErrNotFound is the answer to a question after a machine, job, image, subnet
// or rule that ServerDb does not have. It never stands for "could not look".
var ErrNotFound = errors.New("not found")

// What becomes of a change while the database is away; reads go on.
var (
	// ErrAway means that the database does not answer, and that nothing was
	// changed unless it is ErrInDoubt, too.
	ErrAway = errors.New("the database does not answer")
	// ErrInDoubt means that the answer to a change was lost: look before it is
	// repeated.
	ErrInDoubt = errors.New("whether it was written is not known")
)

// Kind says what a machine is made of.
type Kind string

// Kinds of machine.
const (
	Metal   Kind = "metal"
	Virtual Kind = "virtual"
	GCE     Kind = "gce"
)

// Machine is one record of ServerDb. Status is written by the state engine
// alone; Observed never by people.
type Machine struct {
	ID      string `json:"id"`   // UUIDv7, for as long as the record lives
	Name    string `json:"name"` // unique hardware name, from the serial
	Kind    Kind   `json:"kind"`
	Serial  string `json:"serial"`
	UUID    string `json:"uuid"`
	Vendor  string `json:"vendor"`
	Product string `json:"product"`

	Status   Status    `json:"status"`
	Reason   string    `json:"reason,omitempty"`   // one word that explains the status
	Sentence string    `json:"sentence,omitempty"` // the same for a person
	Since    time.Time `json:"since"`              // of the status
	Flags    Flags     `json:"flags"`

	Site     string `json:"site,omitempty"`
	Room     string `json:"room,omitempty"` // of its rack
	Rack     string `json:"rack,omitempty"`
	Unit     int    `json:"unit,omitempty"`   // the lowest that it fills; 0: not known
	Height   int    `json:"height,omitempty"` // in units; 0: one
	Face     Face   `json:"face,omitempty"`
	Delivery string `json:"delivery,omitempty"` // that it came with
	Hostname string `json:"hostname,omitempty"`
	Role     string `json:"role,omitempty"`
	Pool     string `json:"pool,omitempty"`
	Owner    string `json:"owner,omitempty"` // a team
	Image    string `json:"image,omitempty"` // what is, or is to be, installed
	Rule     string `json:"rule,omitempty"`  // that accepted it
	Note     string `json:"note,omitempty"`
	// Tags are words that people gave it, sorted.
	Tags []string `json:"tags,omitempty"`
	// Params are for configuration management.
	Params map[string]string `json:"params,omitempty"`
	// Owned is true from the first allocation on, until an erase is proven: its
	// disks may hold somebody's data.
	Owned bool `json:"owned"`
	// Released names, by disk serial, who gave a disk that was not empty free.
	Released map[string]string `json:"released,omitempty"`

	NICs []NIC `json:"nics"`
	BMC  BMC   `json:"bmc"`
	// Type names the hardware type whose specification it should meet.
	Type string `json:"type,omitempty"`
	// Declared is what people said of its hardware, kept apart from Facts.
	Declared Declared `json:"declared,omitzero"`
	// ReportedAt is when the agent last reported; zero: never.
	ReportedAt time.Time `json:"reported_at,omitzero"`
	// Facts are discovered, never declared. They are large and seldom asked
	// for: lists leave them out, see serverdb.DB.Full.
	Facts    *Facts   `json:"facts,omitempty"`
	Observed Observed `json:"observed"`
	// Handling is what is to become of its data while it is repaired.
	Handling Handling `json:"handling,omitempty"`
	// CheckFor is how long it is to be checked before it may become available, as its
	// rule or a person asked while it is registered; 0: not.
	CheckFor time.Duration `json:"check_for,omitempty"`
	// Checked is the last verdict on its hardware; nil: none that still counts.
	Checked *Checked `json:"checked,omitempty"`
	// Undo is the last act of a person that can be taken back; Undoable tells
	// whether it still can.
	Undo *Undo `json:"undo,omitempty"`

	Version   int64     `json:"version"` // grows with every change but Observed
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Flags restrain what automation may do.
type Flags struct {
	Locked             bool   `json:"locked"`
	LockNote           string `json:"lock_note,omitempty"`
	RetireWhenReleased bool   `json:"retire_when_released"`
	NoPowerOff         bool   `json:"no_power_off"`
	// Frozen keeps a machine as it is after an older database was restored,
	// until what it shows agrees with the record again.
	Frozen bool `json:"frozen,omitempty"`
	// FrozenAt is when the older database was restored.
	FrozenAt time.Time `json:"frozen_at,omitzero"`
	// UntilBoot marks the lock of an adopted machine, which ends with the first
	// boot that is seen.
	UntilBoot bool `json:"until_boot,omitempty"`
	// Fenced keeps a machine whose erase failed from its disk, from an ordinary
	// address and from everybody, until a person takes the fence away or another
	// erase proves what the first could not. FenceNote says which disk, and why.
	Fenced    bool   `json:"fenced,omitempty"`
	FenceNote string `json:"fence_note,omitempty"`
}

// NIC is an interface as ServerDb names and numbers it.
type NIC struct {
	Name    string     `json:"name"`
	MAC     MAC        `json:"mac"`
	Address netip.Addr `json:"address"` // reserved for it; the zero Addr when none is
	Boot    bool       `json:"boot"`    // it booted through this one
	// Switch and Port are where the plan wants it cabled; SeenSwitch and
	// SeenPort where it was seen.
	Switch     string `json:"switch,omitempty"`
	Port       string `json:"port,omitempty"`
	SeenSwitch string `json:"seen_switch,omitempty"`
	SeenPort   string `json:"seen_port,omitempty"`
	// SeenChassis is what that switch calls itself where it is a MAC, as relays do.
	SeenChassis MAC `json:"seen_chassis,omitzero"`
	// SeenAt is when the agent told so last.
	SeenAt time.Time `json:"seen_at,omitzero"`
}

// Face is the side of a rack at which a machine is mounted.
type Face string

// Faces of a rack. FullDepth is the zero value: most servers fill both.
const (
	FullDepth Face = ""
	Front     Face = "front"
	Rear      Face = "rear"
)

// Declared is what people, or a delivery's list, said of a machine's hardware.
// A zero field was not said.
type Declared struct {
	Vendor  string `json:"vendor,omitempty"`
	Product string `json:"product,omitempty"`
	Cores   int    `json:"cores,omitempty"`
	Memory  uint64 `json:"memory,omitempty"` // bytes
	Disks   int    `json:"disks,omitempty"`
}

// BMC is a machine's management controller. Its credentials live apart, sealed.
type BMC struct {
	Type     string `json:"type,omitempty"`    // "redfish" or "ipmi"
	Address  string `json:"address,omitempty"` // host or host:port; "ipmi://" in front where it was given so
	MAC      MAC    `json:"mac"`
	Firmware string `json:"firmware,omitempty"`
	Pin      string `json:"pin,omitempty"`    // SHA-256 of its certificate
	Proven   bool   `json:"proven"`           // a log-in succeeded
	Failed   string `json:"failed,omitempty"` // why the last one did not
	// Factory says that the log-in is the default of its vendor, as the configuration
	// lists it: whoever knows the model may log in.
	Factory bool `json:"factory,omitempty"`
	// Switch and Port are where the plan wants it cabled.
	Switch string `json:"switch,omitempty"`
	Port   string `json:"port,omitempty"`
}

// Observed is what was last seen of a machine.
type Observed struct {
	Power      string    `json:"power,omitempty"` // on, off or unknown
	PowerAt    time.Time `json:"power_at,omitzero"`
	Light      string    `json:"light,omitempty"` // identify light: off, blinking or lit
	LightAt    time.Time `json:"light_at,omitzero"`
	BootAt     time.Time `json:"boot_at,omitzero"` // last boot request
	BootAnswer string    `json:"boot_answer,omitempty"`
	BootStage  string    `json:"boot_stage,omitempty"` // in which it asked: firmware, http or ipxe
	BootOrder  string    `json:"boot_order,omitempty"` // of UEFI, when its agent read it last: "network, firstlight, device"
	LoaderFrom time.Time `json:"loader_from,omitzero"` // since when its firmware is offered a loader that it does not fetch
	Boots      int       `json:"boots,omitempty"`      // since BootsFrom
	BootsFrom  time.Time `json:"boots_from,omitzero"`  // when its status, or its job's step, began
	BMCAt      time.Time `json:"bmc_at,omitzero"`      // last log-in to its BMC
	BMCError   string    `json:"bmc_error,omitempty"`  // why the BMC did not answer after that
	CallAt     time.Time `json:"call_at,omitzero"`     // last word of agent or system
	AgentBoot  string    `json:"agent_boot,omitempty"`
	Agent      string    `json:"agent,omitempty"`       // its version
	Platform   string    `json:"platform,omitempty"`    // bios or efi, when it last reported
	SecureBoot bool      `json:"secure_boot,omitempty"` // it was on, when it last reported
	HomeAt     time.Time `json:"home_at,omitzero"`      // installed system's call home
	Waits      string    `json:"waits,omitempty"`       // one sentence: what it does or waits for
	Progress   float64   `json:"progress,omitempty"`    // 0 to 1 while something moves
	Crash      Crash     `json:"crash,omitzero"`        // the last of its agent
	Relayed    []Relayed `json:"relayed,omitempty"`     // what relays say of its cables, the newest first
	Proof      Proof     `json:"proof,omitzero"`        // of its agent's last boot
	Contest    Contest   `json:"contest,omitzero"`      // the last time that another spoke for it
}

// Proof is by what a boot is known. Key is the fingerprint of the key that its
// agent made. How far it has proven to be the machine's says package trust.
type Proof struct {
	At    time.Time `json:"at"`
	Key   string    `json:"key,omitempty"`
	From  string    `json:"from,omitempty"`  // the agent's address
	Phase string    `json:"phase,omitempty"` // what its script was given for
}

// Contest is another one that spoke for a machine: how, in one sentence, with
// which key, and from where.
type Contest struct {
	At   time.Time `json:"at"`
	How  string    `json:"how"`
	Key  string    `json:"key,omitempty"`
	From string    `json:"from,omitempty"`
}

// Crash is an end of the agent that was not meant, as its next life told. What
// the end and the cause say are the machine's own words.
type Crash struct {
	At    time.Time `json:"at"` // when it was told
	Boot  string    `json:"boot"`
	Life  int       `json:"life"` // how many have ended on that boot
	Agent string    `json:"agent,omitempty"`
	End   string    `json:"end"`
	Cause string    `json:"cause,omitempty"`
}

// BootMAC is the address of the NIC it boots through.
func (m *Machine) BootMAC() MAC {
	for _, n := range m.NICs {
		if n.Boot {
			return n.MAC
		}
	}
	if len(m.NICs) > 0 {
		return m.NICs[0].MAC
	}
	return MAC{}
}

// Address is that of the NIC it boots through.
func (m *Machine) Address() netip.Addr {
	for _, n := range m.NICs {
		if n.MAC == m.BootMAC() {
			return n.Address
		}
	}
	return netip.Addr{}
}

// HasMAC tells whether one of its NICs has this address.
func (m *Machine) HasMAC(mac MAC) bool {
	for _, n := range m.NICs {
		if n.MAC == mac {
			return true
		}
	}
	return false
}

// Clone copies m so that the copy may be changed.
func (m *Machine) Clone() *Machine {
	c := *m
	c.NICs = slices.Clone(m.NICs)
	c.Released = maps.Clone(m.Released)
	c.Tags = slices.Clone(m.Tags)
	c.Params = maps.Clone(m.Params)
	return &c
}
