package discovery

import (
	"slices"
	"strings"
)

// SameSwitch tells whether two names are of one switch: without regard to case,
// and a name with its domain is the same as without.
func SameSwitch(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSuffix(a, ".")), strings.ToLower(strings.TrimSuffix(b, "."))
	hostA, domainA, _ := strings.Cut(a, ".")
	hostB, domainB, _ := strings.Cut(b, ".")
	return a == b || hostA == hostB && hostA != "" && (domainA == "") != (domainB == "")
}

// SamePort tells whether two spellings are of one port of a switch. Ethernet31,
// Eth31 and Et31 are; and 31 is each of these, as well as 1/0/31 and ge-0/0/31:
// who writes the last number alone means the first unit and slot. What holds no
// number is compared without regard to case.
func SamePort(a, b string) bool {
	pa, pb := spell(a), spell(b)
	if pa.numbers == nil || pb.numbers == nil {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	if pa.kind != pb.kind && pa.kind != "" && pb.kind != "" {
		return false
	}
	long, short := pa.numbers, pb.numbers
	if len(long) < len(short) {
		long, short = short, long
	}
	more := long[:len(long)-len(short)]
	if len(more) > 0 && len(short) > 1 {
		return false // 0/31 is not the short form of 1/0/31
	}
	first := !slices.ContainsFunc(more, func(n string) bool { return n != "0" && n != "1" })
	return first && slices.Equal(long[len(more):], short)
}

// Comparable tells whether two spellings can tell two ports apart. They cannot
// where a switch has two sets of names, such as etp31 and Ethernet120 of SONiC,
// or where one of them holds no number.
func Comparable(a, b string) bool {
	pa, pb := spell(a), spell(b)
	if pa.numbers == nil || pb.numbers == nil {
		return false
	}
	return pa.kind == pb.kind || pa.kind == "" || pb.kind == "" || speeds[pa.kind] && speeds[pb.kind]
}

// speeds are kinds of ports of one set of names.
var speeds = map[string]bool{
	"fastethernet": true, "gigabitethernet": true, "tengigabitethernet": true, "twentyfivegige": true,
	"fortygigabitethernet": true, "hundredgige": true, "ge": true, "xe": true, "mge": true, "fe": true,
}

// portName is a port's name taken apart.
type portName struct {
	kind    string   // "ethernet"; "" where it says nothing of the kind
	numbers []string // unit, slot, port; nil: it is not a name of this form
}

// kinds of ports by their short spellings.
var portKinds = map[string]string{
	"": "", "port": "", "p": "",
	"e": "ethernet", "et": "ethernet", "eth": "ethernet", "ethernet": "ethernet",
	"fa": "fastethernet", "gi": "gigabitethernet", "gig": "gigabitethernet", "gigabit": "gigabitethernet",
	"te": "tengigabitethernet", "ten": "tengigabitethernet", "tengige": "tengigabitethernet", "tengig": "tengigabitethernet",
	"twe": "twentyfivegige", "twentyfivegigabitethernet": "twentyfivegige",
	"fo": "fortygigabitethernet", "fortygige": "fortygigabitethernet",
	"hu": "hundredgige", "hundredgigabitethernet": "hundredgige",
}

// spell takes letters, then numbers with / or : or . between them.
func spell(s string) portName {
	s = strings.ToLower(strings.TrimSpace(s))
	at := strings.IndexAny(s, "0123456789")
	if at < 0 {
		return portName{}
	}
	kind := strings.TrimRight(s[:at], " -_")
	if strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz") != "" {
		return portName{}
	}
	if full, ok := portKinds[kind]; ok {
		kind = full
	}
	numbers := strings.FieldsFunc(s[at:], func(r rune) bool { return strings.ContainsRune("/:.", r) })
	for i, n := range numbers {
		if !digits(n) {
			return portName{}
		}
		if numbers[i] = strings.TrimLeft(n, "0"); numbers[i] == "" {
			numbers[i] = "0"
		}
	}
	return portName{kind, numbers}
}
