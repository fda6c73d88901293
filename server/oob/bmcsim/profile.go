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
	Task              time.Duration // a change is answered with 202 and happens this much later
}

// Generic follows the specification.
func Generic() Profile {
	return Profile{Name: "generic", Vendor: "Firstlight", SystemID: "1", ManagerID: "bmc", Firmware: "1.0.0"}
}

// IDRAC answers like Dell's iDRAC10.
func IDRAC() Profile {
	return Profile{
		Name: "idrac-412", Vendor: "Dell", SystemID: "System.Embedded.1", ManagerID: "iDRAC.Embedded.1", Firmware: "1.20.50.50",
		ServiceTagInSKU: true, RefuseActionMatch: true, BootInSettings: true, RefuseSamePower: true,
	}
}

// AMI answers like AMI MegaRAC.
func AMI() Profile {
	return Profile{
		Name: "ami-precondition", Vendor: "AMI", SystemID: "Self", ManagerID: "Self", Firmware: "13.4.0",
		ActionInfo: true, DemandIfMatch: true, ETagInHeaderOnly: true,
	}
}

// Supermicro answers like Supermicro's X12 and later.
func Supermicro() Profile {
	return Profile{
		Name: "supermicro-mode", Vendor: "Supermicro", SystemID: "1", ManagerID: "1", Firmware: "01.01.14",
		ModeMustBeSent: true,
	}
}

// SlowTask answers every change with a task and takes its time.
func SlowTask() Profile {
	p := Generic()
	p.Name, p.Task = "slow-task", 20*time.Millisecond
	return p
}

// Profiles lists all of them.
func Profiles() []Profile { return []Profile{Generic(), IDRAC(), AMI(), Supermicro(), SlowTask()} }
