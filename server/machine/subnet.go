package machine

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"time"
)

// Policy says what an unknown machine gets on a subnet.
type Policy string

// Policies. The zero value is refused; a new subnet starts as Observe, so that
// plugging the appliance into a live segment changes nothing.
const (
	PolicyIgnore   Policy = "ignore"   // no answer at all
	PolicyObserve  Policy = "observe"  // recorded, and sent on to its own disk
	PolicyRegister Policy = "register" // boots the agent, disks read-only
)

// Modes of a subnet: what DHCP does there.
const (
	ModeServer = "server" // gives addresses, and tells what to boot
	// ModeProxy tells what to boot and gives no address: a DHCP server that
	// nobody may change does that (PXE 2.1 §2.2, ProxyDHCP).
	ModeProxy = "proxy"
	ModeOff   = "off" // is silent
)

// Range is a run of addresses handed out dynamically, both ends included.
type Range struct {
	First netip.Addr `json:"first"`
	Last  netip.Addr `json:"last"`
}

func (r Range) String() string { return r.First.String() + "-" + r.Last.String() }

// Contains tells whether a lies in r.
func (r Range) Contains(a netip.Addr) bool { return r.First.Compare(a) <= 0 && a.Compare(r.Last) <= 0 }

// MaxRange6 is the most addresses that a range of IPv6 may have: each can become
// a lease that is kept, and strangers decide how many do.
const MaxRange6 = 1 << 20

// Size is how many addresses r has, and MaxUint32 where they are more than that.
func (r Range) Size() uint32 {
	a, b := r.First.As16(), r.Last.As16()
	if [8]byte(a[:8]) != [8]byte(b[:8]) {
		return math.MaxUint32
	}
	n := binary.BigEndian.Uint64(b[8:]) - binary.BigEndian.Uint64(a[8:])
	return uint32(min(n, math.MaxUint32-1)) + 1
}

// Subnet is a row of ServerDb: one IP network that the appliance serves, of
// either version. A segment with both versions has two of them with one Network.
type Subnet struct {
	Name string `json:"name"`
	// Network is the name that all subnets on one segment have: a client there
	// gets an address of any of them. Empty: this one is alone on its segment.
	Network string        `json:"network,omitempty"`
	Prefix  netip.Prefix  `json:"prefix"`
	Site    string        `json:"site"`
	Ranges  []Range       `json:"ranges"`
	Gateway netip.Addr    `json:"gateway"` // the zero Addr: none is handed out
	DNS     []netip.Addr  `json:"dns"`     // empty: the appliance itself
	Domain  string        `json:"domain"`  // zone of the host names, without dot at its end
	Mode    string        `json:"mode"`    // ModeServer, ModeProxy or ModeOff
	Policy  Policy        `json:"policy"`
	Lease   time.Duration `json:"lease"` // life of a dynamic lease; by IPv6 the valid lifetime
	// SecureBoot gives all UEFI machines the signed loaders, also those of which
	// nobody knows whether Secure Boot is on.
	SecureBoot bool `json:"secure_boot,omitempty"`
}

// Is6 tells an IPv6 network.
func (s *Subnet) Is6() bool { return s.Prefix.Addr().Is6() }

var (
	word      = shape(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	paramName = shape(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
)

// Validate names the first field that is wrong, its value and the remedy: a
// *FieldError.
func (s *Subnet) Validate() error {
	bad := func(field string, value any, want string) error {
		return &FieldError{"subnet " + s.Name, field, fmt.Sprint(value), want}
	}
	switch {
	case !word(s.Name):
		return bad("name", s.Name, "want lower-case letters, digits and inner dashes")
	case !s.Prefix.IsValid() || s.Prefix.Addr().Is4In6():
		return bad("prefix", s.Prefix, "want an IPv4 network such as 10.80.12.0/24 or an IPv6 one such as 2001:db8:12::/64")
	case s.Is6() && (!s.Prefix.Addr().IsGlobalUnicast() || s.Prefix.Bits() > 120):
		return bad("prefix", s.Prefix, "want a unicast IPv6 network that routers pass on, of at least 256 addresses, such as 2001:db8:12::/64")
	case s.Prefix != s.Prefix.Masked():
		return bad("prefix", s.Prefix, "has host bits set; did you mean "+s.Prefix.Masked().String()+"?")
	case s.Network != "" && !word(s.Network):
		return bad("network", s.Network, "want lower-case letters, digits and inner dashes, or nothing where no other subnet is on the segment")
	case s.Site == "" || !word(s.Site):
		return bad("site", s.Site, "want the site's short name, such as lon6")
	case s.Mode != ModeServer && s.Mode != ModeProxy && s.Mode != ModeOff:
		return bad("mode", s.Mode, "want server, proxy or off")
	case s.Policy != PolicyIgnore && s.Policy != PolicyObserve && s.Policy != PolicyRegister:
		return bad("policy", s.Policy, "want ignore, observe or register")
	case s.Is6() && s.Mode == ModeProxy:
		return bad("mode", s.Mode, "want server or off: DHCPv6 has no ProxyDHCP")
	case s.Is6() && s.Gateway.IsValid():
		return bad("gateway", s.Gateway, "want none: by IPv6 routers announce themselves (RFC 4861), DHCPv6 has no option for it")
	case s.SecureBoot && (s.Is6() || s.Mode == ModeProxy):
		return bad("secure_boot", true, "want it on an IPv4 subnet of mode server: GRUB finds its configuration by the DHCPv4 answer that has its address, too")
	case s.Gateway.IsValid() && !s.Prefix.Contains(s.Gateway):
		return bad("gateway", s.Gateway, "lies outside "+s.Prefix.String())
	case s.Lease < time.Minute:
		return bad("lease", s.Lease, "want at least 1m")
	}
	for _, a := range s.DNS {
		if a.Is6() != s.Is6() {
			return bad("dns", a, "want an address of the same version as "+s.Prefix.String())
		}
	}
	for i, r := range s.Ranges {
		if s.Is6() && r.Size() > MaxRange6 {
			return bad("ranges", r, fmt.Sprintf("want at most %d addresses: each may become a lease that is kept", MaxRange6))
		}
		if !s.Prefix.Contains(r.First) || !s.Prefix.Contains(r.Last) || r.Last.Less(r.First) {
			return bad("ranges", r, "want first and last address inside "+s.Prefix.String()+", in that order")
		}
		for _, o := range s.Ranges[:i] {
			if o.Contains(r.First) || r.Contains(o.First) {
				return bad("ranges", r, "overlaps "+o.String())
			}
		}
	}
	return nil
}

// Rule accepts machines. Rules stand in a list; the first that matches a
// machine and has room decides.
type Rule struct {
	Name   string `json:"name"`
	Order  int    `json:"order"`  // ascending
	Match  string `json:"match"`  // selector over discovered facts and the subnet
	Accept bool   `json:"accept"` // false: hold what matches
	Site   string `json:"site"`
	Rack   string `json:"rack,omitempty"`
	Role   string `json:"role,omitempty"`
	Image  string `json:"image,omitempty"` // install at once; empty: leave it available
	Limit  int    `json:"limit"`           // machines it may accept in all; 0: none
	// Check is for how many seconds the hardware is checked before a machine becomes
	// available; 0: not at all.
	Check int64 `json:"check_seconds,omitempty"`
}

// CheckFor is Check as a time.
func (r *Rule) CheckFor() time.Duration { return time.Duration(r.Check) * time.Second }

// Refers gives the items of the plan that the rule sends machines to.
func (r *Rule) Refers() []PlanRef {
	return refers(PlanRef{KindSite, r.Site}, PlanRef{KindRack, r.Rack}, PlanRef{KindRole, r.Role})
}

// Take makes m one of the rule's machines, which stands where the rule says; a
// rack that m has already is known better.
func (r *Rule) Take(m *Machine) {
	m.Rule, m.Site = r.Name, r.Site
	if m.Rack == "" {
		m.Rack = r.Rack
	}
}

// Validate names the first field that is wrong, its value and the remedy: a
// *FieldError.
func (r *Rule) Validate() error {
	_, bad := ParseSelector(r.Match)
	for _, c := range []wanted{
		name("name", r.Name),
		{!r.Accept || r.Site != "", "site", r.Site, "an accepting rule must say where its machines stand"},
		optionalName("site", r.Site), optionalName("role", r.Role),
		{r.Image == "" || r.Role != "", "role", r.Role, "an image is installed for a role: say which, or no image"},
		{r.Limit >= 0, "limit", r.Limit, "want 0 or more"},
		{r.Check == 0 || r.Check >= int64(CheckLeast/time.Second) && r.Check <= int64(CheckMost/time.Second), "check", Span(r.CheckFor()), "want 1m to 72h, or nothing for no check"},
		{r.Check == 0 || r.Accept, "check", Span(r.CheckFor()), "only what a rule accepts is checked: let it accept, or take the check away"},
		{bad == nil, "match", r.Match, fmt.Sprint(bad)},
	} {
		if !c.ok {
			return &FieldError{"rule " + r.Name, c.field, fmt.Sprint(c.value), c.want}
		}
	}
	return nil
}

// Image is an installable disk image of the catalogue.
type Image struct {
	Name       string `json:"name"` // such as debian-12
	Arch       string `json:"arch"` // GOARCH
	File       string `json:"file"` // below the image folder
	Compressed int64  `json:"compressed"`
	Bytes      int64  `json:"bytes"`
	SHA256     string `json:"sha256"` // of the raw bytes
	// CompressedSHA256 is of the file as it is sent; empty where a manifest has none.
	CompressedSHA256 string    `json:"compressed_sha256,omitempty"`
	AddedAt          time.Time `json:"added_at"`
}

// ValidLabel tells whether s can be one label of a host name (RFC 1123 §2.1).
func ValidLabel(s string) bool { return word(s) }
