package dns

import (
	"strings"

	miekg "github.com/miekg/dns"

	"firstlight/server/zone"
)

// Snapshot is what the server answers from: it is never changed once made.
type Snapshot struct {
	tables map[string]*table // by canonical zone name
}

// table is one zone, looked up by name.
type table struct {
	zone     zone.Zone
	soa      miekg.RR
	negative miekg.RR // the SOA as it stands in negative answers
	// nodes by canonical name. Empty non-terminals are here, with no sets, so
	// that a name above an existing one exists (RFC 8020).
	nodes map[string]*node
}

type node struct{ sets []set }

type set struct {
	typ     uint16
	records []miekg.RR
}

func (n *node) find(typ uint16) []miekg.RR {
	for _, s := range n.sets {
		if s.typ == typ {
			return s.records
		}
	}
	return nil
}

// NewSnapshot makes a snapshot. Zones that prev, which may be nil, has with the
// same serial are taken over as they are.
func NewSnapshot(zones []zone.Zone, prev *Snapshot) *Snapshot {
	s := &Snapshot{tables: make(map[string]*table, len(zones))}
	for _, z := range zones {
		name := canonical(z.Name)
		if old, ok := prev.table(name); ok && old.zone.Serial == z.Serial {
			s.tables[name] = old
			continue
		}
		s.tables[name] = newTable(z)
	}
	return s
}

// Serial is that of a zone; ok is false when the snapshot does not have it.
func (s *Snapshot) Serial(name string) (serial uint32, ok bool) {
	t, ok := s.table(canonical(name))
	if !ok {
		return 0, false
	}
	return t.zone.Serial, true
}

func (s *Snapshot) table(canonicalName string) (*table, bool) {
	if s == nil {
		return nil, false
	}
	t, ok := s.tables[canonicalName]
	return t, ok
}

func newTable(z zone.Zone) *table {
	soa := soaRecord(z)
	t := &table{zone: z, soa: soa, negative: negativeSOA(soa), nodes: make(map[string]*node, len(z.RRsets))}
	apex := t.node(canonical(z.Name))
	apex.sets = append(apex.sets, set{miekg.TypeSOA, []miekg.RR{soa}})
	for _, r := range z.RRsets {
		n := t.node(canonical(r.Name))
		n.sets = append(n.sets, set{uint16(r.Type), records(r)})
	}
	return t
}

// node makes the node of a name and the empty ones between it and the apex.
func (t *table) node(name string) *node {
	n, ok := t.nodes[name]
	if ok {
		return n
	}
	n = &node{}
	t.nodes[name] = n
	for above := name; len(above) > len(t.zone.Name); {
		above = upper(above)
		if _, ok := t.nodes[above]; ok {
			break
		}
		t.nodes[above] = &node{}
	}
	return n
}

// upper cuts the first label off. RFC 1035 §5.1: a dot inside a label is
// written \. and is no end of it.
func upper(name string) string {
	next, end := miekg.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[next:]
}

// canonical is the form of a name that is a key: RFC 4343 §3, letters of ASCII
// alone have a case.
func canonical(name string) string {
	for i := range len(name) {
		if 'A' <= name[i] && name[i] <= 'Z' {
			return strings.Map(lower, name)
		}
	}
	return name
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
