package zone

import (
	"net/netip"
	"slices"
	"time"
)

// Zone is one zone's data. Names are absolute, with the dot at the end, in the
// case in which ServerDb has them.
type Zone struct {
	Name   string
	SOA    SOA
	Serial uint32 // given by whoever publishes; Build leaves it 0
	// RRsets has all records but the SOA in canonical order (RFC 4034 §6.1).
	RRsets []RRset
}

// SOA is what a zone says of itself apart from its serial.
type SOA struct {
	NS      string // primary name server
	Mailbox string // of whoever is responsible, as a name
	TTL     time.Duration
	Refresh time.Duration // how often a secondary asks
	Retry   time.Duration // and again after a failure
	Expire  time.Duration // when a secondary stops answering
	Minimum time.Duration // how long a negative answer is kept (RFC 2308 §4)
}

// RRset is all records of one name and type.
type RRset struct {
	Name string
	Type Type
	TTL  time.Duration
	Data []Data // in canonical order, no two alike
}

// Type is a record type, as the IANA numbers it.
type Type uint16

// Types that zones hold.
const (
	TypeA    Type = 1
	TypeNS   Type = 2
	TypeSOA  Type = 6
	TypePTR  Type = 12
	TypeAAAA Type = 28
)

// String is the type's mnemonic.
func (t Type) String() string {
	switch t {
	case TypeA:
		return "A"
	case TypeNS:
		return "NS"
	case TypeSOA:
		return "SOA"
	case TypePTR:
		return "PTR"
	case TypeAAAA:
		return "AAAA"
	default:
		panic("zone: a type without a mnemonic")
	}
}

// Data is the right-hand side of a record: an Address, a Nameserver or a
// Pointer. Values are comparable.
type Data interface {
	// String is the data in master-file form.
	String() string
	data()
}

// Address is the data of an A or AAAA record.
type Address struct{ netip.Addr }

// Nameserver is the data of an NS record: an absolute name.
type Nameserver string

// Pointer is the data of a PTR record: an absolute name.
type Pointer string

func (n Nameserver) String() string { return string(n) }
func (p Pointer) String() string    { return string(p) }

func (Address) data()    {}
func (Nameserver) data() {}
func (Pointer) data()    {}

// addressType is the type of the record that holds a.
func addressType(a netip.Addr) Type {
	if a.Is4() {
		return TypeA
	}
	return TypeAAAA
}

// SameContent tells whether two zones differ in nothing but their serial.
func SameContent(a, b Zone) bool {
	return a.Name == b.Name && a.SOA == b.SOA && slices.EqualFunc(a.RRsets, b.RRsets, sameRRset)
}

func sameRRset(a, b RRset) bool {
	return a.Name == b.Name && a.Type == b.Type && a.TTL == b.TTL && slices.Equal(a.Data, b.Data)
}

// Records counts the zone's records, its SOA included.
func (z Zone) Records() int {
	n := 1
	for _, s := range z.RRsets {
		n += len(s.Data)
	}
	return n
}
