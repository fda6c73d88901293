package api

import "time"

// Subnet is one IP network that the appliance serves.
type Subnet struct {
	Name         string         `json:"name" example:"lab"`
	Prefix       string         `json:"prefix" doc:"IPv4 or IPv6 network" example:"10.80.12.0/24"`
	Network      string         `json:"network,omitempty" maxLength:"63" doc:"The same for all subnets on one segment, where a client gets an address of any of them; absent: it is alone there" example:"lon6-hall2"`
	Site         string         `json:"site" doc:"Short name of the site" example:"lon6"`
	Ranges       []AddressRange `json:"ranges" nullable:"false" doc:"Addresses that are handed out dynamically"`
	Gateway      string         `json:"gateway,omitempty" doc:"Absent: none is handed out, as always by IPv6, where routers announce themselves" example:"10.80.12.1"`
	DNS          []string       `json:"dns" nullable:"false" doc:"Name servers that are handed out; empty: the appliance" example:"[\"10.80.12.2\"]"`
	Domain       string         `json:"domain,omitempty" doc:"Zone of the host names, without the dot at its end" example:"lon6.example.net"`
	Mode         string         `json:"mode" enum:"server,proxy,off" doc:"server: gives addresses and tells what to boot; proxy: tells what to boot beside a DHCP server that gives the addresses (IPv4 only); off: is silent here"`
	Policy       string         `json:"policy" enum:"ignore,observe,register" doc:"What an unknown machine gets: no answer; recorded and sent on to its own disk; the agent"`
	LeaseSeconds int64          `json:"lease_seconds" doc:"Life of a dynamic lease, seconds; by IPv6 the valid lifetime, of which the preferred is three quarters" example:"3600"`
	SecureBoot   bool           `json:"secure_boot" doc:"UEFI machines get the signed loaders, shim and GRUB, which firmware with Secure Boot runs; false: those whose agent reported Secure Boot get them"`
}

// AddressRange is a run of addresses, both ends included.
type AddressRange struct {
	First string `json:"first" doc:"Lowest address" example:"10.80.12.100"`
	Last  string `json:"last" doc:"Highest address" example:"10.80.12.199"`
}

// SubnetPut is the whole of a subnet as it shall be.
type SubnetPut struct {
	Name         string         `json:"name,omitempty" maxLength:"63" doc:"May be left out; else it must be the name of the path" example:"lab"`
	Prefix       string         `json:"prefix" maxLength:"43" doc:"IPv4 or IPv6 network" example:"10.80.12.0/24"`
	Network      string         `json:"network,omitempty" maxLength:"63" doc:"The same for all subnets on one segment, where a client gets an address of any of them; absent: it is alone there" example:"lon6-hall2"`
	Site         string         `json:"site" maxLength:"63" doc:"Short name of the site" example:"lon6"`
	Ranges       []AddressRange `json:"ranges,omitempty" maxItems:"64" doc:"Addresses that are handed out dynamically; none: reservations only"`
	Gateway      string         `json:"gateway,omitempty" maxLength:"45" doc:"Absent: none is handed out, as always by IPv6, where routers announce themselves" example:"10.80.12.1"`
	DNS          []string       `json:"dns,omitempty" maxItems:"8" doc:"Name servers that are handed out; absent: the appliance" example:"[\"10.80.12.2\"]"`
	Domain       string         `json:"domain,omitempty" maxLength:"253" doc:"Zone of the host names, without the dot at its end" example:"lon6.example.net"`
	Mode         string         `json:"mode,omitempty" enum:"server,proxy,off" default:"server" doc:"server: gives addresses and tells what to boot; proxy: tells what to boot beside a DHCP server that gives the addresses (IPv4 only); off: is silent here"`
	Policy       string         `json:"policy,omitempty" enum:"ignore,observe,register" default:"observe" doc:"What an unknown machine gets: no answer; recorded and sent on to its own disk; the agent"`
	LeaseSeconds int64          `json:"lease_seconds,omitempty" minimum:"60" maximum:"31536000" default:"3600" doc:"Life of a dynamic lease, seconds; by IPv6 the valid lifetime, of which the preferred is three quarters"`
	SecureBoot   bool           `json:"secure_boot,omitempty" doc:"UEFI machines get the signed loaders, shim and GRUB, which firmware with Secure Boot runs; false: those whose agent reported Secure Boot get them"`
}

// Rule accepts or holds machines. The first that matches and has room decides.
type Rule struct {
	Name   string `json:"name" example:"lab-metal"`
	Order  int    `json:"order" doc:"Place in the list, ascending" example:"1"`
	Match  string `json:"match" doc:"Selector over discovered facts and the subnet" example:"subnet=lab memory>=64000000000"`
	Accept bool   `json:"accept" doc:"false: what matches is held"`
	Site   string `json:"site,omitempty" example:"lon6"`
	Rack   string `json:"rack,omitempty" example:"r12"`
	Role   string `json:"role,omitempty" example:"web"`
	Image  string `json:"image,omitempty" doc:"Installed at once; absent: the machine stays available" example:"debian-12"`
	Limit  int    `json:"limit" doc:"Machines that it may accept in all; 0: no limit" example:"2"`
	Check  int64  `json:"check_seconds,omitempty" doc:"How long the hardware of each is checked before it becomes available; absent: not at all" example:"600"`
}

// Image is an installable disk image of the catalogue.
type Image struct {
	Name            string    `json:"name" example:"debian-12"`
	Arch            string    `json:"arch" doc:"As Go spells it" example:"amd64"`
	File            string    `json:"file" doc:"In the image folder" example:"debian-12.raw.zst"`
	CompressedBytes int64     `json:"compressed_bytes" doc:"Size of the file, bytes" example:"180355072"`
	Bytes           int64     `json:"bytes" doc:"Size on disk, bytes" example:"1610612736"`
	SHA256          string    `json:"sha256" doc:"Of the bytes on disk, in hex" example:"9f3c0a1b5e4d7c6f8a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f7"`
	AddedAt         time.Time `json:"added_at"`
}

// Lease is an address, whose it is, and until when.
type Lease struct {
	Address     string    `json:"address" example:"10.80.12.100"`
	MAC         string    `json:"mac" example:"52:54:00:12:34:56"`
	Machine     string    `json:"machine,omitempty" doc:"Hardware name of the machine that has the interface" example:"C0MPUT3"`
	ClientID    string    `json:"client_id,omitempty" doc:"DHCP option 61, in hex; by IPv6 the DUID" example:"01525400123456"`
	Hostname    string    `json:"hostname,omitempty" doc:"As the client says: not checked" example:"localhost"`
	Subnet      string    `json:"subnet" example:"lab"`
	State       string    `json:"state" enum:"bound,released,declined"`
	Active      bool      `json:"active" doc:"It keeps its address from others now"`
	Reserved    bool      `json:"reserved" doc:"The address is the machine's own in ServerDb"`
	LifeSeconds int64     `json:"life_seconds" doc:"As it was granted, seconds" example:"3600"`
	ExpiresAt   time.Time `json:"expires_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}
