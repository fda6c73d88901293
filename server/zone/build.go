package zone

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"firstlight/server/machine"
)

// Options is what zones need beside ServerDb. The zero value is usable, except
// that no zone can say where its name server is without an address.
type Options struct {
	// Servers are the appliance's own addresses. ns.<zone> has those that lie
	// in the zone's subnets, or all of them when none does.
	Servers []netip.Addr
	// Mailbox is the name of whoever answers for the zones, such as
	// hostmaster.example.net; "" is hostmaster.<domain>.
	Mailbox string
	// TTL of every record; 0 is 5 minutes.
	TTL time.Duration
}

// Times of the SOA. A secondary learns of changes by NOTIFY and keeps on
// answering for two weeks without us; a name that did not exist yet may be
// asked for again after a minute, since machines are born here at any moment.
const (
	defaultTTL = 5 * time.Minute
	refresh    = time.Hour
	retry      = 10 * time.Minute
	expire     = 14 * 24 * time.Hour
	minimum    = time.Minute
)

// Build makes the forward zone of every domain of the subnets and the reverse
// zones of their prefixes, sorted by name, with what it had to leave out.
func Build(subnets []*machine.Subnet, machines []*machine.Machine, o Options) ([]Zone, []Problem) {
	if o.TTL == 0 {
		o.TTL = defaultTTL
	}
	b := &builder{options: o, zones: map[string]*draft{}}
	b.checkMailbox()
	b.layOut(subnets)
	b.nameServers()
	c := claim(b, subnets, machines)
	for _, h := range c.granted {
		b.add(h.name, Address{h.addr})
		b.add(reverseName(h.addr), Pointer(h.name))
	}
	b.delegate()
	sortProblems(b.problems)
	return b.finish(), b.problems
}

// builder holds the zones while they are made.
type builder struct {
	options  Options
	zones    map[string]*draft // by name
	problems []Problem
}

// draft is a zone in the making.
type draft struct {
	zone    Zone
	ns      string // its name server
	forward bool
	subnets []netip.Prefix // that belong to it
	keyed   []keyed
}

// keyed is a record with the key that it is sorted by.
type keyed struct {
	key  string
	name string
	typ  Type
	data Data
}

// add puts a record where it belongs. An address outside every reverse zone of
// ours, such as the appliance's on a network that it does not serve, has no PTR.
func (b *builder) add(name string, data Data) {
	if d, ok := b.zoneOf(name); ok {
		d.add(name, data)
	}
}

func (d *draft) add(name string, data Data) {
	d.keyed = append(d.keyed, keyed{sortKey(name), name, typeOf(data), data})
}

func typeOf(data Data) Type {
	switch v := data.(type) {
	case Address:
		return addressType(v.Addr)
	case Nameserver:
		return TypeNS
	default:
		return TypePTR
	}
}

// finish puts the records of each zone in order and into sets.
func (b *builder) finish() []Zone {
	zones := make([]Zone, 0, len(b.zones))
	for _, d := range b.inOrder() {
		d.zone.RRsets = gather(d.sorted(), b.options.TTL)
		zones = append(zones, d.zone)
	}
	return zones
}

// inOrder gives the zones in canonical order of their names.
func (b *builder) inOrder() []*draft {
	return slices.SortedFunc(maps.Values(b.zones), func(x, y *draft) int {
		return cmp.Compare(sortKey(x.zone.Name), sortKey(y.zone.Name))
	})
}

// sorted gives the records in canonical order. They are sorted by number:
// moving the records themselves costs twice the time at 12,000 machines.
func (d *draft) sorted() []*keyed {
	order := make([]int32, len(d.keyed))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return compareKeyed(&d.keyed[x], &d.keyed[y]) })
	records := make([]*keyed, len(order))
	for i, n := range order {
		records[i] = &d.keyed[n]
	}
	return records
}

// gather makes sets of sorted records, each record once.
func gather(records []*keyed, ttl time.Duration) []RRset {
	sets := make([]RRset, 0, len(records))
	for i, r := range records {
		switch {
		case i > 0 && compareKeyed(records[i-1], r) == 0:
		case i > 0 && records[i-1].key == r.key && records[i-1].typ == r.typ:
			last := &sets[len(sets)-1]
			last.Data = append(last.Data, r.data)
		default:
			sets = append(sets, RRset{Name: r.name, Type: r.typ, TTL: ttl, Data: []Data{r.data}})
		}
	}
	return sets
}

func compareKeyed(x, y *keyed) int {
	if c := strings.Compare(x.key, y.key); c != 0 {
		return c
	}
	if c := cmp.Compare(x.typ, y.typ); c != 0 {
		return c
	}
	if a, ok := x.data.(Address); ok {
		if b, ok := y.data.(Address); ok {
			return a.Compare(b.Addr)
		}
	}
	return cmp.Compare(x.data.String(), y.data.String())
}
