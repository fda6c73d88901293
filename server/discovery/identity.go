// Package discovery reads what an agent reported: whose record it belongs to,
// what the hardware is, and whether the machine may be accepted.
//
// It is pure: records and rules come in as arguments. It imports package
// machine and the wire format; serverdb is its importer.
package discovery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// Identity is the four marks by which a machine is recognised. Any two that
// agree are enough, so that a NIC or a board may be swapped.
type Identity struct {
	Serial string
	UUID   string
	BMC    machine.MAC
	MACs   []machine.MAC
}

// Of reads a report's identity. Placeholders are left out: they recognise
// nothing.
func Of(r *report.Report) Identity {
	id := Identity{}
	if !machine.PlaceholderSerial(r.System.Serial) {
		id.Serial = strings.TrimSpace(r.System.Serial)
	}
	if !machine.PlaceholderUUID(r.System.UUID) {
		id.UUID = strings.ToLower(strings.TrimSpace(r.System.UUID))
	}
	if r.BMC != nil {
		if mac, err := machine.ParseMAC(r.BMC.MAC); err == nil {
			id.BMC = mac
		}
	}
	for _, n := range r.NICs {
		if mac, err := machine.ParseMAC(n.MAC); err == nil {
			id.MACs = append(id.MACs, mac)
		}
	}
	return id
}

// Match is a record that shares marks with a report.
type Match struct {
	Machine *machine.Machine
	Marks   []string // which
}

// Resolution is whose report it is.
type Resolution struct {
	Machine *machine.Machine // nil: nobody's, a new machine
	Marks   []string         // by which it was recognised
	// Clash names, in one sentence, why it cannot be said.
	Clash string
	// Between are the records whose marks it shows then.
	Between []*machine.Machine
}

// Resolve finds whose report it is. One mark alone recognises only a record
// that has no other mark of its own, such as one of a delivery list; it clashes
// with any other.
func Resolve(id Identity, records []*machine.Machine) Resolution {
	var strong, weak []Match
	for _, m := range records {
		marks, has := compare(id, m)
		switch {
		case len(marks) >= 2, len(marks) == 1 && has == 1:
			strong = append(strong, Match{m, marks})
		case len(marks) == 1:
			weak = append(weak, Match{m, marks})
		}
	}
	byName := func(a, b Match) int { return cmp.Compare(a.Machine.Name, b.Machine.Name) }
	slices.SortFunc(strong, byName) // the sentence is the same each time
	slices.SortFunc(weak, byName)
	switch {
	case len(strong) == 1 && len(weak) == 0:
		return Resolution{Machine: strong[0].Machine, Marks: strong[0].Marks}
	case len(strong) == 0 && len(weak) == 0:
		return Resolution{}
	default:
		all := append(strong, weak...)
		return Resolution{Clash: clash(all), Between: between(all)}
	}
}

// Unmarked is a clause on a serial number that cannot tell a machine apart; ""
// where it can.
func Unmarked(r *report.Report) string {
	if !machine.PlaceholderSerial(r.System.Serial) {
		return ""
	}
	return fmt.Sprintf("; its own serial number %q is a placeholder: set the real one in its firmware", Clean(r.System.Serial))
}

func clash(all []Match) string {
	var parts []string
	for _, m := range all {
		parts = append(parts, fmt.Sprintf("%s of %s", strings.Join(m.Marks, " and "), m.Machine.Name))
	}
	return "it shows " + strings.Join(parts, " and ") + ", but not two marks of one machine alone"
}

func between(all []Match) (some []*machine.Machine) {
	for _, m := range all {
		some = append(some, m.Machine)
	}
	return some
}

// compare gives the marks that agree and how many the record has. What the
// report lacks does not weaken a record: a box that shows nothing but a NIC of
// another machine is not that machine.
func compare(id Identity, m *machine.Machine) (marks []string, has int) {
	check := func(name string, real, same bool) {
		if real {
			has++
		}
		if real && same {
			marks = append(marks, name)
		}
	}
	check("serial", !machine.PlaceholderSerial(m.Serial), id.Serial == m.Serial)
	check("UUID", !machine.PlaceholderUUID(m.UUID), machine.SameUUID(id.UUID, m.UUID))
	check("BMC MAC", !m.BMC.MAC.IsZero(), id.BMC == m.BMC.MAC)
	check("MAC", len(m.NICs) > 0, sharesMAC(id.MACs, m))
	return marks, has
}

func sharesMAC(macs []machine.MAC, m *machine.Machine) bool {
	return slices.ContainsFunc(macs, m.HasMAC)
}

// Name gives the hardware name: the serial, spelt so that it can be typed,
// spoken and put into a URL. A machine without a serial of its own, or with one
// of signs alone, is named by its boot MAC until a person names it.
func Name(id Identity, bootMAC machine.MAC) string {
	spelt := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		default:
			return '-'
		}
	}, id.Serial)
	if name := strings.Trim(spelt[:min(len(spelt), 64)], "-._"); name != "" {
		return name
	}
	return "MAC-" + strings.ToUpper(strings.ReplaceAll(bootMAC.String(), ":", ""))
}
