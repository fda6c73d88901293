package complete

import (
	"strings"

	"firstlight/server/machine"
)

// Selector is the kind of arguments that pick machines.
const Selector = "selector"

// FieldKind is the kind of the values that a field of selectors has on an
// appliance, such as "field:rack".
const FieldKind = "field:"

// operators between a field and its value; the longer ones are found first.
var operators = []string{"!=", ">=", "<=", "=", ">", "<"}

// observedWords are the words that are seen in fields of which a selector takes
// any.
var observedWords = map[string][]string{
	"power": {"on", "off", "unknown"}, "light": {"off", "blinking", "lit"}, "platform": {"bios", "efi"}, "arch": {"amd64", "arm64"},
}

// selector completes the last term of a selector.
func selector(typed string, names func(kind, prefix string) []Candidate) []Candidate {
	start := strings.LastIndexAny(typed, " \t(") + 1
	for start < len(typed) && typed[start] == '!' {
		start++
	}
	return prefixed(typed[:start], terms(typed[start:], names))
}

func terms(term string, names func(kind, prefix string) []Candidate) (all []Candidate) {
	if f, op, value := comparison(term); f != nil {
		set := strings.LastIndexByte(value, ',') + 1
		return prefixed(term[:len(f.Name)+len(op)+set], fieldValues(f, value[set:], names))
	}
	var only *machine.Field
	for _, f := range machine.Fields() {
		if strings.HasPrefix(f.Name, term) && f.Scope != machine.InRules {
			only, all = f, append(all, Candidate{f.Name + "=", f.Help})
		}
	}
	if len(all) != 1 {
		return all
	}
	// The only one: a shell that knows the whole word would end it.
	if values := prefixed(only.Name+"=", fieldValues(only, "", names)); len(values) > 1 {
		return values
	}
	return append(all, Candidate{only.Name + "!=", only.Help})
}

// comparison takes a term apart whose operator is there; f is nil for another.
func comparison(term string) (f *machine.Field, op, value string) {
	for _, op := range operators {
		name, value, has := strings.Cut(term, op)
		if !has {
			continue
		}
		for _, f := range machine.Fields() {
			if strings.EqualFold(f.Name, name) {
				return f, op, value
			}
		}
	}
	return nil, "", ""
}

func fieldValues(f *machine.Field, prefix string, names func(kind, prefix string) []Candidate) (all []Candidate) {
	words := observedWords[f.Name]
	if words == nil {
		words = f.Words()
	}
	if words == nil {
		return names(FieldKind+f.Name, prefix)
	}
	return fixed(strings.Join(words, ","))
}

func prefixed(before string, all []Candidate) []Candidate {
	for i := range all {
		all[i].Value = before + all[i].Value
	}
	return all
}
