package boot

import (
	"net/netip"

	"firstlight/server/machine"
)

// Firmware is a boot client as it shows itself to DHCP.
type Firmware struct {
	MAC    machine.MAC
	Arch   uint16 // option 93, RFC 4578 §2.1
	Vendor string // option 60: PXEClient:…, HTTPClient:…
	User   string // option 77: iPXE says its name there
}

// Offer is what a boot client hears to its DISCOVER.
type Offer struct {
	Who    string     // in words: "UEFI x64"
	Silent string     // why it hears nothing; "": it is offered an address
	File   string     // what to load next: a name for TFTP, or a URL; "": nothing
	Why    string     // why there is no file
	Server netip.Addr // that has the file
	Signed string     // why the file is the first of the signed loaders; "": it is not
}
