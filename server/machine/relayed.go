package machine

import (
	"net/netip"
	"time"
)

// Relayed is what a DHCP relay said of where the requests of an interface come
// from, as it said it. An interface has one for each relay that forwards them:
// redundant gateways both do.
type Relayed struct {
	MAC     MAC        `json:"mac"`               // of a machine's interface, or of its BMC
	Relay   netip.Addr `json:"relay,omitzero"`    // the zero Addr: none, it was heard directly
	Circuit []byte     `json:"circuit,omitempty"` // sub-option 1 of option 82; option 18 of DHCPv6
	Remote  []byte     `json:"remote,omitempty"`  // sub-option 2 of option 82; option 37 of DHCPv6
	Since   time.Time  `json:"since"`
	At      time.Time  `json:"at"` // when it was said last, to the hour
}
