package machine

import (
	"fmt"
	"slices"
	"strconv"
)

// record adds fields to a machine's own.
type record struct {
	*Machine
	extra map[string]string
}

func (r record) values(field string) []string {
	if v := r.extra[field]; v != "" {
		return []string{v}
	}
	return r.Machine.values(field)
}

// fields is every field that a selector knows, with what it reads.
var fields = map[string]func(*Machine) []string{
	"id":           func(m *Machine) []string { return one(m.ID) },
	"name":         func(m *Machine) []string { return one(m.Name) },
	"hardwarename": func(m *Machine) []string { return one(m.Name) },
	"kind":         func(m *Machine) []string { return one(string(m.Kind)) },
	"serial":       func(m *Machine) []string { return one(m.Serial) },
	"uuid":         func(m *Machine) []string { return one(m.UUID) },
	"vendor":       func(m *Machine) []string { return one(m.Vendor) },
	"product":      func(m *Machine) []string { return one(m.Product) },
	"status":       func(m *Machine) []string { return one(string(m.Status)) },
	"reason":       func(m *Machine) []string { return one(m.Reason) },
	"locked":       func(m *Machine) []string { return one(strconv.FormatBool(m.Flags.Locked)) },
	"site":         func(m *Machine) []string { return one(m.Site) },
	"rack":         func(m *Machine) []string { return one(m.Rack) },
	"unit":         func(m *Machine) []string { return count(m.Unit) },
	"hostname":     func(m *Machine) []string { return one(m.Hostname) },
	"role":         func(m *Machine) []string { return one(m.Role) },
	"pool":         func(m *Machine) []string { return one(m.Pool) },
	"owner":        func(m *Machine) []string { return one(m.Owner) },
	"image":        func(m *Machine) []string { return one(m.Image) },
	"rule":         func(m *Machine) []string { return one(m.Rule) },
	"power":        func(m *Machine) []string { return one(m.Observed.Power) },
	"light":        func(m *Machine) []string { return one(m.Observed.Light) },
	"mac":          macs,
	"ip":           addresses,
	"subnet":       func(*Machine) []string { return nil }, // only where a rule is held against a report
	"cores":        fact(func(f *Facts) []string { return count(f.Cores) }),
	"memory":       fact(func(f *Facts) []string { return count(f.Memory) }),
	"disks":        fact(func(f *Facts) []string { return one(strconv.Itoa(len(f.Disks))) }),
	"platform":     fact(func(f *Facts) []string { return one(f.Platform) }),
	"arch":         fact(func(f *Facts) []string { return one(f.Arch) }),
	"cpu":          fact(func(f *Facts) []string { return one(f.CPU) }),
	"disk":         fact(diskSerials),
}

// none is the value of a field that counts as absent where its presence is
// asked for.
var none = map[string]string{"locked": "false", "disks": "0"}

func (m *Machine) values(field string) []string { return fields[field](m) }

// Fields lists what a selector knows, sorted.
func Fields() []string {
	names := make([]string, 0, len(fields))
	for n := range fields {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// count gives a number; zero stands for not known.
func count[T int | uint64](n T) []string {
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprint(n)}
}

func fact(read func(*Facts) []string) func(*Machine) []string {
	return func(m *Machine) []string {
		if m.Facts == nil {
			return nil
		}
		return read(m.Facts)
	}
}

func macs(m *Machine) (all []string) {
	for _, n := range m.NICs {
		all = append(all, n.MAC.String())
	}
	return all
}

func addresses(m *Machine) (all []string) {
	for _, n := range m.NICs {
		if n.Address.IsValid() {
			all = append(all, n.Address.String())
		}
	}
	return all
}

func diskSerials(f *Facts) (all []string) {
	for _, d := range f.Disks {
		all = append(all, d.Serial)
	}
	return all
}

// suggest names the field that was probably meant.
func suggest(name string) string {
	best, distance := Nearest(name, Fields())
	if distance > 3 {
		return "; the fields are listed by: firstlight machine fields"
	}
	return "; did you mean " + best + "?"
}

// Nearest gives the candidate with the smallest edit distance to a word.
func Nearest(word string, candidates []string) (string, int) {
	best, distance := "", len(word)+1
	for _, c := range candidates {
		if d := editDistance(word, c); d < distance {
			best, distance = c, d
		}
	}
	return best, distance
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			above := row[j]
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, above, row[j-1])
			}
			row[j], diagonal = cost, above
		}
	}
	return row[len(b)]
}
