package machine

import (
	"cmp"
	"slices"
)

// Capacity counts the machines of one site and hardware type.
type Capacity struct {
	Site, Type string // empty: nobody said
	Total      int    // without those that are retired
	ByStatus   map[Status]int
	// Free could be allocated now: available and not locked. Recycled adds those
	// that will be when their erase is done.
	Free, Recycled int
}

// Capacities counts machines by site and hardware type, in that order.
func Capacities(all []*Machine) []Capacity {
	by := map[[2]string]*Capacity{}
	for _, m := range all {
		if m.Status == Retired {
			continue
		}
		key := [2]string{m.Site, m.Type}
		c := by[key]
		if c == nil {
			c = &Capacity{Site: m.Site, Type: m.Type, ByStatus: map[Status]int{}}
			by[key] = c
		}
		c.add(m)
	}
	rows := make([]Capacity, 0, len(by))
	for _, c := range by {
		rows = append(rows, *c)
	}
	slices.SortFunc(rows, func(a, b Capacity) int {
		return cmp.Or(CompareNames(a.Site, b.Site), CompareNames(a.Type, b.Type))
	})
	return rows
}

func (c *Capacity) add(m *Machine) {
	c.Total++
	c.ByStatus[m.Status]++
	switch {
	case m.Flags.Locked:
	case m.Status == Available:
		c.Free++
		c.Recycled++
	case m.Status == Recycling && !m.Flags.RetireWhenReleased:
		c.Recycled++
	}
}
