package bmcsim

import "time"

// Profile is how one family of BMCs differs. Each deviation was seen in the
// field; package redfish holds the evidence beside its workaround.
type Profile struct {
	Name      string
	Vendor    string // of the Redfish service, at its root
	SystemID  string // why no client may write "1"
	ManagerID string
	Firmware  string

	ActionInfo        bool          // reset types are listed in a resource of their own
	ServiceTagInSKU   bool          // SerialNumber holds the board's number
	DemandIfMatch     bool          // a PATCH without If-Match is refused with 428
	ETagInHeaderOnly  bool          // the resource itself shows none
	RefuseActionMatch bool          // an action with If-Match is refused with 412
	BootInSettings    bool          // the boot override is written in the settings resource
	RefuseSamePower   bool          // powering on what is on is refused with 409
	ModeMustBeSent    bool          // a boot override without its mode falls back to Legacy
	Light             Light         // where the identify light is shown and set
	Task              time.Duration // a change is answered with 202 and happens this much later
}

// Light is where a BMC shows and takes the identify light.
type Light int

// Places that BMCs have for it.
const (
	LightOfSystem       Light = iota // LocationIndicatorActive of the machine
	LightOfChassis                   // LocationIndicatorActive of its chassis
	LEDOfSystem                      // IndicatorLED of the machine
	LEDOfChassis                     // IndicatorLED of its chassis
	RestingLEDOfChassis              // the same, but "Lit" is its rest and it knows no "Off"
	NoLight
)

// Generic follows the specification.
func Generic() Profile {
	return Profile{Name: "generic", Vendor: "Firstlight", SystemID: "1", ManagerID: "bmc", Firmware: "1.0.0"}
}

// IDRAC answers like Dell's iDRAC10.
func IDRAC() Profile {
	return Profile{
		Name: "idrac-412", Vendor: "Dell", SystemID: "System.Embedded.1", ManagerID: "iDRAC.Embedded.1", Firmware: "1.20.50.50",
		ServiceTagInSKU: true, RefuseActionMatch: true, BootInSettings: true, RefuseSamePower: true, Light: RestingLEDOfChassis,
	}
}

// AMI answers like AMI MegaRAC.
func AMI() Profile {
	return Profile{
		Name: "ami-precondition", Vendor: "AMI", SystemID: "Self", ManagerID: "Self", Firmware: "13.4.0",
		ActionInfo: true, DemandIfMatch: true, ETagInHeaderOnly: true, Light: LEDOfChassis,
	}
}

// Supermicro answers like Supermicro's X12 and later.
func Supermicro() Profile {
	return Profile{
		Name: "supermicro-mode", Vendor: "Supermicro", SystemID: "1", ManagerID: "1", Firmware: "01.01.14",
		ModeMustBeSent: true,
	}
}

// ILO answers like HPE's iLO 6.
func ILO() Profile {
	return Profile{Name: "ilo-chassis-light", Vendor: "HPE", SystemID: "1", ManagerID: "1", Firmware: "iLO 6 v1.64", Light: LightOfChassis}
}

// IRMC answers like Fujitsu's iRMC.
func IRMC() Profile {
	return Profile{Name: "irmc-system-led", Vendor: "Fujitsu", SystemID: "0", ManagerID: "iRMC", Firmware: "3.37P", Light: LEDOfSystem}
}

// SlowTask answers every change with a task and takes its time.
func SlowTask() Profile {
	p := Generic()
	p.Name, p.Task = "slow-task", 20*time.Millisecond
	return p
}

// Profiles lists all of them.
func Profiles() []Profile {
	return []Profile{Generic(), IDRAC(), AMI(), Supermicro(), ILO(), IRMC(), SlowTask()}
}
