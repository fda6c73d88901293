package machine

import (
	"fmt"
	"slices"
	"strconv"
)

// FieldKind says how the values of a field compare.
type FieldKind string

// Kinds of field.
const (
	TextField   FieldKind = "text"   // equal, or a pattern
	NameField   FieldKind = "name"   // text in the order in which people count: r9 before r12
	NumberField FieldKind = "number" // amounts; bytes take units such as 64GiB
	FlagField   FieldKind = "flag"   // true or false
)

// Scope says where a field is known.
type Scope string

// Scopes of fields.
const (
	Everywhere Scope = ""
	InRules    Scope = "rules"    // only while a report is held against the rules
	InSearches Scope = "searches" // only where the database is asked
)

// Field is one word of the selector language.
type Field struct {
	Name   string
	Kind   FieldKind
	Scope  Scope
	Help   string
	Origin Origin
	read   func(*Machine) []string
	none   string   // the value that counts as absent where presence is asked for
	words  []string // the only values that there are, where they are few
}

// Origin says which part of a record a field is read from, because the parts
// are written apart.
type Origin string

// Origins of fields.
const (
	OfRecord   Origin = "record"   // what people and the state engine write
	OfFacts    Origin = "facts"    // what the agent saw
	OfObserved Origin = "observed" // what was last seen
	OfOthers   Origin = "others"   // rows beside the machine's own
)

// fields is every field that a selector knows, in the order in which they are
// explained.
var fields = []*Field{
	{Name: "name", Kind: NameField, Help: "hardware name, from the serial number", read: func(m *Machine) []string { return one(m.Name) }},
	{Name: "hardwarename", Kind: NameField, Help: "the same as name", read: func(m *Machine) []string { return one(m.Name) }},
	{Name: "id", Help: "id of the record", read: func(m *Machine) []string { return one(m.ID) }},
	{Name: "kind", Help: "metal, virtual or gce", read: func(m *Machine) []string { return one(string(m.Kind)) }, words: []string{string(Metal), string(Virtual), string(GCE)}},
	{Name: "status", Help: "what it is for: available, in_use, …", read: func(m *Machine) []string { return one(string(m.Status)) }, words: statusWords()},
	{Name: "reason", Help: "one word that explains the status", read: func(m *Machine) []string { return one(m.Reason) }},
	{Name: "issue", Scope: InSearches, Origin: OfOthers, Help: "an open issue, such as silent; alone: any", read: nothing},
	{Name: "locked", Kind: FlagField, none: "false", Help: "automation keeps away", read: func(m *Machine) []string { return one(strconv.FormatBool(m.Flags.Locked)) }},
	{Name: "frozen", Kind: FlagField, none: "false", Help: "not reconciled since the database was restored", read: func(m *Machine) []string { return one(strconv.FormatBool(m.Flags.Frozen)) }},

	{Name: "site", Help: "where it stands", read: func(m *Machine) []string { return one(m.Site) }},
	{Name: "room", Help: "room of its rack", read: func(m *Machine) []string { return one(m.Room) }},
	{Name: "rack", Kind: NameField, Help: "its rack", read: func(m *Machine) []string { return one(m.Rack) }},
	{Name: "unit", Kind: NumberField, Help: "lowest unit that it fills", read: func(m *Machine) []string { return count(m.Unit) }},
	{Name: "delivery", Help: "delivery that it came with", read: func(m *Machine) []string { return one(m.Delivery) }},

	{Name: "hostname", Kind: NameField, Help: "host name", read: func(m *Machine) []string { return one(m.Hostname) }},
	{Name: "role", Help: "what it does", read: func(m *Machine) []string { return one(m.Role) }},
	{Name: "pool", Help: "pool that it belongs to", read: func(m *Machine) []string { return one(m.Pool) }},
	{Name: "owner", Help: "team that owns it", read: func(m *Machine) []string { return one(m.Owner) }},
	{Name: "image", Help: "what is, or is to be, installed", read: func(m *Machine) []string { return one(m.Image) }},
	{Name: "rule", Help: "rule that accepted it", read: func(m *Machine) []string { return one(m.Rule) }},
	{Name: "tag", Help: "any of its tags", read: func(m *Machine) []string { return m.Tags }},
	{Name: "note", Help: "the note on it", read: func(m *Machine) []string { return one(m.Note) }},

	{Name: "type", Help: "hardware type", read: func(m *Machine) []string { return one(m.Type) }},
	{Name: "vendor", Help: "who made it", read: func(m *Machine) []string { return one(m.Vendor) }},
	{Name: "product", Help: "its model", read: func(m *Machine) []string { return one(m.Product) }},
	{Name: "serial", Help: "serial number", read: func(m *Machine) []string { return one(m.Serial) }},
	{Name: "uuid", Help: "SMBIOS UUID", read: func(m *Machine) []string { return one(m.UUID) }},
	{Name: "mac", Help: "any of its interfaces", read: macs},
	{Name: "ip", Help: "any address that is kept for it", read: addresses},
	{Name: "switch", Help: "any switch that it is cabled to, by plan", read: switches},
	{Name: "bmc", Help: "address of its BMC", read: func(m *Machine) []string { return one(m.BMC.Address) }},
	{Name: "power", Origin: OfObserved, Help: "on, off or unknown", read: func(m *Machine) []string { return one(m.Observed.Power) }},
	{Name: "light", Origin: OfObserved, Help: "identify light: off, blinking or lit", read: func(m *Machine) []string { return one(m.Observed.Light) }},
	{Name: "subnet", Scope: InRules, Origin: OfOthers, Help: "subnet that it reported from", read: nothing},

	{Name: "cores", Kind: NumberField, Origin: OfFacts, Help: "cores of all sockets", read: fact(func(f *Facts) []string { return count(f.Cores) })},
	{Name: "memory", Kind: NumberField, Origin: OfFacts, Help: "bytes of memory", read: fact(func(f *Facts) []string { return count(f.Memory) })},
	{Name: "disks", Kind: NumberField, Origin: OfFacts, none: "0", Help: "how many disks", read: fact(func(f *Facts) []string { return one(strconv.Itoa(len(f.Disks))) })},
	{Name: "disk", Origin: OfFacts, Help: "serial number of any disk", read: fact(diskSerials)},
	{Name: "diskhealth", Origin: OfFacts, Help: "what any disk says of itself: good or failing", read: fact(diskHealth), words: []string{"good", "failing"}},
	{Name: "platform", Origin: OfFacts, Help: "bios or efi", read: fact(func(f *Facts) []string { return one(f.Platform) })},
	{Name: "arch", Origin: OfFacts, Help: "amd64 or arm64", read: fact(func(f *Facts) []string { return one(f.Arch) })},
	{Name: "cpu", Origin: OfFacts, Help: "model of its processors", read: fact(func(f *Facts) []string { return one(f.CPU) })},
}

var fieldByName = indexFields()

// indexFields fills in what most fields have in common.
func indexFields() map[string]*Field {
	byName := map[string]*Field{}
	for _, f := range fields {
		if f.Kind == "" {
			f.Kind = TextField
		}
		if f.Origin == "" {
			f.Origin = OfRecord
		}
		byName[f.Name] = f
	}
	return byName
}

// Fields gives every word of the selector language, in the order in which they
// are explained.
func Fields() []*Field { return fields }

// FieldNames gives the words alone, sorted.
func FieldNames() []string {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// Values are a field's values of a machine, as they are written. Facts must
// have been loaded for those that are read from them.
func (f *Field) Values(m *Machine) []string { return f.read(m) }

// Ordered tells whether < and > and ranges mean something.
func (f *Field) Ordered() bool { return f.Kind == NameField || f.Kind == NumberField }

// Words are the only values that there are; nil where there may be any.
func (f *Field) Words() []string {
	if f.Kind == FlagField {
		return []string{"true", "false"}
	}
	return f.words
}

// None is the value that counts as absent where presence is asked for; empty:
// there is none.
func (f *Field) None() string { return f.none }

func (m *Machine) values(f *Field) []string { return f.read(m) }

// record adds fields to a machine's own.
type record struct {
	*Machine
	extra map[string]string
}

func (r record) values(f *Field) []string {
	if v := r.extra[f.Name]; v != "" {
		return []string{v}
	}
	return f.read(r.Machine)
}

func nothing(*Machine) []string { return nil }

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

// macs and addresses are those that a machine keeps from others: one that is
// retired keeps none.
func macs(m *Machine) (all []string) {
	if m.Status == Retired {
		return nil
	}
	for _, n := range m.NICs {
		all = append(all, n.MAC.String())
	}
	return all
}

func addresses(m *Machine) (all []string) {
	if m.Status == Retired {
		return nil
	}
	for _, n := range m.NICs {
		if n.Address.IsValid() {
			all = append(all, n.Address.String())
		}
	}
	return all
}

func switches(m *Machine) (all []string) {
	for _, n := range m.NICs {
		if n.Switch != "" && !slices.Contains(all, n.Switch) {
			all = append(all, n.Switch)
		}
	}
	return all
}

func diskSerials(f *Facts) (all []string) {
	for _, d := range f.Disks {
		if d.Serial != "" {
			all = append(all, d.Serial)
		}
	}
	return all
}

// suggest names the field that was probably meant.
func suggest(name string) string {
	best, distance := Nearest(name, FieldNames())
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
