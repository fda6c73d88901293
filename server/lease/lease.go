// Package lease decides which address a DHCP client gets, and until when.
//
// It is pure: what is taken comes in through View, the time as an argument.
// serverdb makes its answers durable; dhcp puts them on the wire. It imports
// package machine only.
package lease

import (
	"errors"
	"net/netip"
	"time"

	"firstlight/server/machine"
)

// State is what an address is to a client.
type State string

// States of a lease.
const (
	Bound    State = "bound"
	Released State = "released" // given back; kept so that the client gets it again
	Declined State = "declined" // the client found somebody else on it
)

// Probation is how long a declined address stays out of use, as in Kea
// (decline-probation-period, 24 h).
const Probation = 24 * time.Hour

// Lease is one row: an address and whose it is, until when.
type Lease struct {
	Address   netip.Addr    `json:"address"`
	MAC       machine.MAC   `json:"mac"`
	ClientID  string        `json:"client_id,omitempty"` // option 61 in hex; empty: the MAC identifies
	Hostname  string        `json:"hostname,omitempty"`  // as the client says: data of a stranger
	Subnet    string        `json:"subnet"`
	State     State         `json:"state"`
	Reserved  bool          `json:"reserved"` // the address is the machine's own in ServerDb
	Life      time.Duration `json:"life"`
	ExpiresAt time.Time     `json:"expires_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	// Version is how often the row was written; ServerDb counts.
	Version int64 `json:"-"`
}

// Holds tells whether the lease keeps its address from others at a time.
func (l Lease) Holds(now time.Time) bool {
	return (l.State == Bound || l.State == Declined) && now.Before(l.ExpiresAt)
}

// Of tells whether the lease is this client's. RFC 2131 §4.2: the client
// identifier, where one is sent, identifies the client; else its hardware
// address. A PXE ROM, iPXE and the installed system of one machine often
// send different identifiers from one MAC: they are one client to us, else a
// machine would take three addresses in one boot.
func (l Lease) Of(c Client) bool { return l.MAC == c.MAC }

// FreeFor tells whether the address may be given to a client at a time.
func (l Lease) FreeFor(c Client, now time.Time) bool {
	return !l.Holds(now) || l.Of(c) && l.State == Bound
}

// LeastRest is the shortest rest of a lease that is given to a client while
// nothing can be written: it asks again after half of it.
const LeastRest = time.Minute

// Rest is what is left of a client's own lease at a time, and tells whether that
// is worth giving: the same binding, to the same end.
func (l Lease) Rest(c Client, now time.Time) (Lease, bool) {
	l.Life = l.ExpiresAt.Sub(now)
	return l, l.Of(c) && l.State == Bound && l.Life >= LeastRest
}

// Client is who asks.
type Client struct {
	MAC      machine.MAC
	ClientID string
	Hostname string
	// Wants is the address that it asked for (option 50 or ciaddr), if any.
	Wants netip.Addr
}

// View is what is known of the addresses of a subnet.
type View interface {
	// ByMAC gives the client's lease in a subnet, active or not.
	ByMAC(subnet string, mac machine.MAC) (Lease, bool)
	// ByAddress gives the lease of an address, active or not.
	ByAddress(netip.Addr) (Lease, bool)
	// Reserved gives the address that ServerDb keeps for a MAC in a subnet.
	Reserved(subnet string, mac machine.MAC) (netip.Addr, bool)
	// Owner gives the MAC that ServerDb keeps an address for.
	Owner(netip.Addr) (machine.MAC, bool)
	// Offered tells whom an address was offered to within the last seconds.
	Offered(netip.Addr) (machine.MAC, bool)
	// Own tells whether an address is the appliance's own, the gateway's or a
	// name server's.
	Own(netip.Addr) bool
	// Stale tells that leases may be missing, because an older database was
	// restored: what a client has may be its own.
	Stale() bool
	// Answered tells that somebody was found on an address of which no lease is
	// known; only whoever has it may have it again.
	Answered(netip.Addr) bool
}

// Refusals.
var (
	// ErrFull means that no address is left in the subnet's ranges.
	ErrFull = errors.New("no free address in the subnet's ranges")
	// ErrNotYours means that the client asks for an address that it may not
	// have; RFC 2131 §4.3.2 answers DHCPNAK.
	ErrNotYours = errors.New("the address is not the client's")
)
