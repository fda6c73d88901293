package machine

import "time"

// Plan is what people declare once for many machines: where they may stand,
// what they are, whose they are and what they do. Each kind has a list of its
// own and names that are unique in it.
type Plan interface {
	// Kind is the list's name: "site", "rack", …
	Kind() PlanKind
	// Key is the name, unique in the list.
	Key() string
	// Refers gives the items of other lists that it rests on.
	Refers() []PlanRef
	// Validate names the first field that is wrong, its value and the remedy.
	Validate() error
}

// PlanKind names a list of the plan.
type PlanKind string

// Lists of the plan.
const (
	KindSite    PlanKind = "site"
	KindRoom    PlanKind = "room"
	KindRack    PlanKind = "rack"
	KindType    PlanKind = "type"
	KindTeam    PlanKind = "team"
	KindRole    PlanKind = "role"
	KindService PlanKind = "service"
	KindPool    PlanKind = "pool"
	KindGate    PlanKind = "gate"
	KindOption  PlanKind = "option" // sets of DHCP options
)

// PlanKinds are all lists, in the order in which one rests on those before it.
func PlanKinds() []PlanKind {
	return []PlanKind{KindSite, KindRoom, KindRack, KindType, KindTeam, KindService, KindRole, KindPool, KindGate, KindOption}
}

// PlanRef is an item of a list.
type PlanRef struct {
	Kind PlanKind
	Name string
}

func (r PlanRef) String() string { return string(r.Kind) + " " + r.Name }

// Site is a place with machines: a data centre, or a hall of one.
type Site struct {
	Name  string `json:"name"` // such as lon6
	Title string `json:"title,omitempty"`
	Note  string `json:"note,omitempty"`
}

// Room is a part of a site.
type Room struct {
	Name  string `json:"name"`
	Site  string `json:"site"`
	Title string `json:"title,omitempty"`
	Note  string `json:"note,omitempty"`
}

// Rack holds machines in units that are counted from below.
type Rack struct {
	Name  string `json:"name"` // unique among all sites, such as lon6-r12
	Site  string `json:"site"`
	Room  string `json:"room,omitempty"`
	Units int    `json:"units"` // height
	Note  string `json:"note,omitempty"`
}

// MaxUnits bounds the height of a rack (EIA-310 racks have 42 to 58).
const MaxUnits = 60

// HardwareType is what machines of one order have in common: what is expected
// of the hardware. A zero field is not expected to be anything.
type HardwareType struct {
	Name    string     `json:"name"` // such as high-io
	Title   string     `json:"title,omitempty"`
	Vendor  string     `json:"vendor,omitempty"`  // as the agent reads it; * and ? are wild
	Product string     `json:"product,omitempty"` // as above
	Height  int        `json:"height,omitempty"`  // in units; 0: one
	Sockets int        `json:"sockets,omitempty"`
	Cores   int        `json:"cores,omitempty"`
	Memory  uint64     `json:"memory,omitempty"` // bytes
	DIMMs   int        `json:"dimms,omitempty"`
	Disks   []DiskSpec `json:"disks,omitempty"`
	NICs    int        `json:"nics,omitempty"` // at least
	Mbps    int        `json:"mbps,omitempty"` // of the link that it boots through, at least
	// Limits bound what checks measure, as ParseCheckLimit reads them.
	Limits []string `json:"limits,omitempty"`
	Note   string   `json:"note,omitempty"`
}

// DiskSpec is a number of equal disks.
type DiskSpec struct {
	Count     int    `json:"count"`
	Bytes     uint64 `json:"bytes"` // at least
	Transport string `json:"transport,omitempty"`
}

// Team owns machines.
type Team struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Contact string `json:"contact,omitempty"` // where to reach it: an address, a channel
	Note    string `json:"note,omitempty"`
}

// Service is what machines of a role answer, for SRV records (RFC 2782).
type Service struct {
	Name     string `json:"name"`     // such as http
	Protocol string `json:"protocol"` // tcp or udp
	Port     int    `json:"port"`
	Priority int    `json:"priority"`
	Weight   int    `json:"weight"`
	Note     string `json:"note,omitempty"`
}

// Role is what a machine does.
type Role struct {
	Name     string   `json:"name"`
	Title    string   `json:"title,omitempty"`
	Team     string   `json:"team,omitempty"` // that owns the role
	Services []string `json:"services,omitempty"`
	// Classes, Environment and Params are for configuration management.
	Classes     []string          `json:"classes,omitempty"`
	Environment string            `json:"environment,omitempty"`
	Params      map[string]string `json:"params,omitempty"`
	Note        string            `json:"note,omitempty"`
}

// Pool is a group of machines of one role at one site.
type Pool struct {
	ID   string `json:"id"` // UUIDv7; given by ServerDb
	Name string `json:"name"`
	Site string `json:"site"`
	Role string `json:"role"`
	Note string `json:"note,omitempty"`
}

// Gate makes a change of status wait for a system outside, such as one that
// sets the VLAN of a switch port: a signed request goes out, and a signed
// answer must come in before the deadline.
type Gate struct {
	Name     string        `json:"name"`
	Title    string        `json:"title"` // what is waited for: "switch VLAN"
	From     Status        `json:"from"`
	To       Status        `json:"to"`
	Match    string        `json:"match,omitempty"` // selector: only these machines
	URL      string        `json:"url"`
	Deadline time.Duration `json:"deadline"`
	Note     string        `json:"note,omitempty"`
}

// Kind gives the list.
func (*Site) Kind() PlanKind         { return KindSite }
func (*Room) Kind() PlanKind         { return KindRoom }
func (*Rack) Kind() PlanKind         { return KindRack }
func (*HardwareType) Kind() PlanKind { return KindType }
func (*Team) Kind() PlanKind         { return KindTeam }
func (*Service) Kind() PlanKind      { return KindService }
func (*Role) Kind() PlanKind         { return KindRole }
func (*Pool) Kind() PlanKind         { return KindPool }
func (*Gate) Kind() PlanKind         { return KindGate }

// Key gives the name.
func (p *Site) Key() string         { return p.Name }
func (p *Room) Key() string         { return p.Name }
func (p *Rack) Key() string         { return p.Name }
func (p *HardwareType) Key() string { return p.Name }
func (p *Team) Key() string         { return p.Name }
func (p *Service) Key() string      { return p.Name }
func (p *Role) Key() string         { return p.Name }
func (p *Pool) Key() string         { return p.Name }
func (p *Gate) Key() string         { return p.Name }

// Refers gives what each rests on.
func (*Site) Refers() []PlanRef   { return nil }
func (p *Room) Refers() []PlanRef { return refers(PlanRef{KindSite, p.Site}) }
func (p *Rack) Refers() []PlanRef {
	return refers(PlanRef{KindSite, p.Site}, PlanRef{KindRoom, p.Room})
}
func (*HardwareType) Refers() []PlanRef { return nil }
func (*Team) Refers() []PlanRef         { return nil }
func (*Service) Refers() []PlanRef      { return nil }
func (p *Role) Refers() []PlanRef {
	all := []PlanRef{{KindTeam, p.Team}}
	for _, s := range p.Services {
		all = append(all, PlanRef{KindService, s})
	}
	return refers(all...)
}

func (p *Pool) Refers() []PlanRef {
	return refers(PlanRef{KindSite, p.Site}, PlanRef{KindRole, p.Role})
}
func (*Gate) Refers() []PlanRef { return nil }

// refers leaves out what is not said.
func refers(all ...PlanRef) (said []PlanRef) {
	for _, r := range all {
		if r.Name != "" {
			said = append(said, r)
		}
	}
	return said
}

// PlanItem is an item of the plan with its version, which grows from 1 with each
// change.
type PlanItem struct {
	Item    Plan
	Version int64
}

// NewPlan gives an item of a list that has a name and nothing else, nil where
// there is no such list.
func NewPlan(kind PlanKind, name string) Plan {
	switch kind {
	case KindSite:
		return &Site{Name: name}
	case KindRoom:
		return &Room{Name: name}
	case KindRack:
		return &Rack{Name: name}
	case KindType:
		return &HardwareType{Name: name}
	case KindTeam:
		return &Team{Name: name}
	case KindService:
		return &Service{Name: name}
	case KindRole:
		return &Role{Name: name}
	case KindPool:
		return &Pool{Name: name}
	case KindGate:
		return &Gate{Name: name}
	case KindOption:
		return &OptionSet{Name: name}
	default:
		return nil
	}
}
