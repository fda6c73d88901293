package machine

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"
)

// DHCPServer is a DHCP server that is not the appliance and was heard on one of
// its networks.
type DHCPServer struct {
	Address   netip.Addr // its server identifier
	MAC       MAC        // that its packets came from; zero where only a client named it
	Interface string     // of ours
	Subnet    string
	First     time.Time
	Last      time.Time
	Count     int // signs of it
	// The last sign: whom it answered and what it gave.
	Client  MAC
	Offered netip.Addr
	File    string // that it has machines boot; empty: none
	// Expected says that it may be there: the subnet is in proxy mode, or the
	// configuration names it a peer.
	Expected bool
}

// String says who it is and what it does.
func (s DHCPServer) String() string {
	text := s.Address.String()
	if !s.MAC.IsZero() {
		text += fmt.Sprintf(" (%s)", s.MAC)
	}
	switch {
	case s.Offered.IsValid() && s.File != "":
		return text + fmt.Sprintf(" gives %s and has machines boot %s", s.Offered, s.File)
	case s.Offered.IsValid():
		return text + fmt.Sprintf(" gives %s", s.Offered)
	case s.File != "":
		return text + fmt.Sprintf(" has machines boot %s", s.File)
	default:
		return text
	}
}

// Compare orders by network and address.
func (s DHCPServer) Compare(o DHCPServer) int {
	return cmp.Or(cmp.Compare(s.Interface, o.Interface), s.Address.Compare(o.Address))
}

// ServersOn gives those that should not be on a subnet, with when each was heard
// last.
func ServersOn(all []DHCPServer, subnet string) map[string]time.Time {
	heard := map[string]time.Time{}
	for _, s := range all {
		if s.Subnet == subnet && !s.Expected {
			heard[s.Address.String()] = s.Last
		}
	}
	return heard
}
