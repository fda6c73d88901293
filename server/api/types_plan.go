package api

// PlanBody is an item of the plan as the API shows it and takes it.
type PlanBody interface {
	tag() string
	name() string
}

// Planned is what all items of the plan have.
type Planned struct {
	Name    string `json:"name,omitempty" maxLength:"63" doc:"Unique in its list. A body may leave it out; else it must be the name of the path"`
	Note    string `json:"note,omitempty" maxLength:"2000" doc:"For people"`
	Version int64  `json:"version,omitempty" readOnly:"true" doc:"Grows with every change; the ETag is made of it" example:"3"`
}

func (p Planned) tag() string  { return ETag(p.Version) }
func (p Planned) name() string { return p.Name }

// Site is a place with machines.
type Site struct {
	Planned
	Title string `json:"title,omitempty" maxLength:"2000" doc:"What people call it" example:"London 6"`
}

// Room is a part of a site.
type Room struct {
	Planned
	Site  string `json:"site" doc:"Where it is" example:"lon6"`
	Title string `json:"title,omitempty" maxLength:"2000" doc:"What people call it" example:"Hall 1"`
}

// Rack holds machines in units that are counted from below.
type Rack struct {
	Planned
	Site  string `json:"site" doc:"Where it stands" example:"lon6"`
	Room  string `json:"room,omitempty" doc:"Room of the site" example:"lon6-hall-1"`
	Units int    `json:"units" doc:"Height in units, 1 to 60" example:"42"`
}

// HardwareType is what is expected of machines of one order. A field that is
// absent is not expected to be anything.
type HardwareType struct {
	Planned
	Title       string     `json:"title,omitempty" maxLength:"2000" doc:"What people call it" example:"High IO"`
	Vendor      string     `json:"vendor,omitempty" doc:"As the agent reads it; * and ? are wild" example:"Dell*"`
	Product     string     `json:"product,omitempty" doc:"As the agent reads it; * and ? are wild" example:"PowerEdge R7?0"`
	Height      int        `json:"height,omitempty" doc:"In rack units; absent: one" example:"2"`
	Sockets     int        `json:"sockets,omitempty" doc:"Processors" example:"2"`
	Cores       int        `json:"cores,omitempty" doc:"Of all sockets" example:"64"`
	MemoryBytes uint64     `json:"memory_bytes,omitempty" doc:"Bytes" example:"274877906944"`
	DIMMs       int        `json:"dimms,omitempty" doc:"Memory modules" example:"16"`
	Disks       []DiskSpec `json:"disks,omitempty" nullable:"false" maxItems:"64" doc:"Disks, by kind"`
	NICs        int        `json:"nics,omitempty" doc:"Interfaces, at least" example:"2"`
	Mbps        int        `json:"mbps,omitempty" doc:"Of the link that it boots through, at least" example:"25000"`
	Limits      []string   `json:"limits,omitempty" nullable:"false" maxItems:"64" doc:"Bounds of what checks measure: test.metric>=number, or <=" example:"[\"disk-read.rate>=400\"]"`
}

// DiskSpec is a number of equal disks.
type DiskSpec struct {
	Count     int    `json:"count" doc:"How many" example:"2"`
	Bytes     uint64 `json:"bytes" doc:"Size of each, at least" example:"480000000000"`
	Transport string `json:"transport,omitempty" doc:"How it is attached" example:"sata"`
}

// Team owns machines.
type Team struct {
	Planned
	Title   string `json:"title,omitempty" maxLength:"2000" doc:"What people call it" example:"Search"`
	Contact string `json:"contact,omitempty" maxLength:"2000" doc:"Where to reach it: an address, a channel" example:"#search"`
}

// Service is what machines of a role answer, for SRV records (RFC 2782).
type Service struct {
	Planned
	Protocol string `json:"protocol" enum:"tcp,udp" doc:"Over which it is answered"`
	Port     int    `json:"port" doc:"Where it is answered" example:"80"`
	Priority int    `json:"priority,omitempty" doc:"The lowest is asked first" example:"10"`
	Weight   int    `json:"weight,omitempty" doc:"Share among those of one priority" example:"100"`
}

// Role is what machines do.
type Role struct {
	Planned
	Title       string            `json:"title,omitempty" maxLength:"2000" doc:"What people call it" example:"Web front"`
	Team        string            `json:"team,omitempty" doc:"That owns the role: only it and admins change it" example:"search"`
	Services    []string          `json:"services,omitempty" nullable:"false" doc:"That its machines answer" example:"[\"http\"]"`
	Classes     []string          `json:"classes,omitempty" nullable:"false" doc:"Of configuration management" example:"[\"role::web\"]"`
	Environment string            `json:"environment,omitempty" doc:"Of configuration management" example:"production"`
	Params      map[string]string `json:"params,omitempty" doc:"Parameters for configuration management" example:"{\"tier\":\"gold\"}"`
}

// Pool is a group of machines of one role at one site.
type Pool struct {
	Planned
	ID   string `json:"id,omitempty" readOnly:"true" doc:"Given when it is made, and kept (UUIDv7)" example:"0198f0a2-7c1b-7d3e-9a51-3f1c0f6f2b10"`
	Site string `json:"site" doc:"Of its machines" example:"lon6"`
	Role string `json:"role" doc:"Of its machines" example:"web"`
}

// Gate makes a change of status wait for a system outside.
type Gate struct {
	Planned
	Title           string `json:"title" maxLength:"2000" doc:"What is waited for" example:"switch VLAN"`
	From            string `json:"from" enum:"registered,allocated,configuring" doc:"Status that waits" example:"allocated"`
	To              string `json:"to" enum:"available,installing,in_use" doc:"Status that is waited for" example:"installing"`
	Match           string `json:"match,omitempty" doc:"Selector: only these machines; absent: all" example:"rack=lon6-r12"`
	URL             string `json:"url" doc:"Of the system that is asked" example:"https://vlan.example.net/firstlight"`
	DeadlineSeconds int64  `json:"deadline_seconds" minimum:"1" maximum:"86400" doc:"How long it is waited for, seconds" example:"40"`
}

// OptionSet is DHCP options for all clients, those of some subnets, or the
// machines that a selector picks.
type OptionSet struct {
	Planned
	Options  []DHCPOption `json:"options" minItems:"1" maxItems:"64" doc:"Beside what a boot needs, each once"`
	Match    string       `json:"match,omitempty" maxLength:"2000" doc:"Selector of the machines that get them, by what people set: role, pool, type, site, name; absent: every client" example:"role=db"`
	Subnets  []string     `json:"subnets,omitempty" maxItems:"64" doc:"Only there; absent: in all" example:"[\"lab\"]"`
	Priority int          `json:"priority,omitempty" minimum:"-1000" maximum:"1000" doc:"Of one option the set of the highest counts; of equal ones that with a selector, then that with subnets, then the first by name" example:"10"`
}

// DHCPOption is one option with its value.
type DHCPOption struct {
	Option string `json:"option" maxLength:"32" doc:"Its name, or its code from 1 to 254" example:"ntp-servers"`
	Value  string `json:"value" maxLength:"1024" doc:"As people write it: addresses and domains with commas between them, a number, 10.0.0.0/8 via 10.80.12.3, text, or hex: and bytes" example:"10.80.12.5"`
}

// GateSecret is shown once.
type GateSecret struct {
	Secret string `json:"secret" doc:"For the system outside: it proves what the gate asks, and signs what is answered (Standard Webhooks)" example:"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"`
}

// Elevation is a rack as it is seen from both sides.
type Elevation struct {
	Rack     Rack       `json:"rack" doc:"The rack itself"`
	Units    []RackUnit `json:"units" nullable:"false" doc:"From the top down"`
	Unplaced []Slot     `json:"unplaced" nullable:"false" doc:"Machines of the rack whose unit nobody said"`
}

// RackUnit is one unit of a rack.
type RackUnit struct {
	Unit  int   `json:"unit" doc:"Counted from below" example:"17"`
	Front *Slot `json:"front,omitempty" doc:"Who fills it at the front; absent: nobody"`
	Rear  *Slot `json:"rear,omitempty" doc:"Who fills it at the rear; absent: nobody"`
}

// Slot is a machine as a drawing of its rack shows it.
type Slot struct {
	Name        string  `json:"name" doc:"Hardware name" example:"C0MPUT3"`
	Status      string  `json:"status" doc:"What the machine is for" example:"installing"`
	Sentence    string  `json:"sentence,omitempty" doc:"What it does or waits for" example:"Writing debian-12 to S4EVNF0M31."`
	Hostname    string  `json:"hostname,omitempty" example:"lon6-web-1"`
	Unit        int     `json:"unit,omitempty" doc:"Lowest unit that it fills" example:"16"`
	Height      int     `json:"height" doc:"In units" example:"2"`
	Face        string  `json:"face,omitempty" enum:"front,rear" doc:"Absent: it fills both"`
	Top         bool    `json:"top" doc:"This is the highest unit that it fills: what is drawn once stands here"`
	Switch      string  `json:"switch,omitempty" doc:"Switch of the interface that it boots through" example:"sw3"`
	Port        string  `json:"port,omitempty" doc:"Port of that switch" example:"23"`
	Locked      bool    `json:"locked" doc:"Automation keeps away"`
	Light       string  `json:"light,omitempty" doc:"Its identify light, where one is on" example:"blinking"`
	Progress    float64 `json:"progress,omitempty" doc:"0 to 1 while something moves" example:"0.61"`
	LeftSeconds int64   `json:"left_seconds,omitempty" doc:"Time that the current work still takes" example:"90"`
	LeftAtMost  bool    `json:"left_at_most,omitempty" doc:"left_seconds is a bound, not an estimate"`
}

// SheetLine is a line of a rack's sheet: a machine, or units that are free.
type SheetLine struct {
	Top        int        `json:"top,omitempty" doc:"Highest unit, counted from below; absent: nobody said" example:"18"`
	Unit       int        `json:"unit,omitempty" doc:"Lowest unit" example:"17"`
	Face       string     `json:"face,omitempty" enum:"front,rear" doc:"Absent: both"`
	Free       bool       `json:"free" doc:"Nothing stands there"`
	Name       string     `json:"name,omitempty" doc:"Hardware name" example:"C0MPUT3"`
	Serial     string     `json:"serial,omitempty" example:"C0MPUT3"`
	Hostname   string     `json:"hostname,omitempty" example:"lon6-web-1"`
	Status     string     `json:"status,omitempty" example:"expected"`
	NICs       []SheetNIC `json:"nics" nullable:"false" doc:"What is to be cabled where"`
	BMCAddress string     `json:"bmc_address,omitempty" example:"10.9.12.17"`
	BMCMAC     string     `json:"bmc_mac,omitempty" example:"52:54:00:ff:34:56"`
}

// SheetNIC is an interface as it is to be cabled.
type SheetNIC struct {
	Name   string `json:"name,omitempty" example:"eth0"`
	MAC    string `json:"mac" example:"52:54:00:12:34:56"`
	Switch string `json:"switch,omitempty" doc:"Where the plan wants it cabled" example:"sw3"`
	Port   string `json:"port,omitempty" example:"23"`
}

// Capacity counts machines of one site and hardware type, without the retired.
type Capacity struct {
	Site           string         `json:"site,omitempty" doc:"Absent: nobody said" example:"lon6"`
	Type           string         `json:"type,omitempty" doc:"Hardware type; absent: nobody said" example:"high-io"`
	Total          int            `json:"total" doc:"All of them" example:"40"`
	Free           int            `json:"free" doc:"Available and not locked" example:"11"`
	AfterRecycling int            `json:"after_recycling" doc:"Free, and those that will be when their erase is done" example:"14"`
	ByStatus       map[string]int `json:"by_status" doc:"How many in each status that one is in" example:"{\"available\":11,\"in_use\":26,\"recycling\":3}"`
}
