package declare

import (
	"fmt"
	"slices"
	"strings"

	"firstlight/server/machine"
)

// Field is one thing that people say of a T.
type Field[T any] struct {
	Name string
	Says string // what it is, in a few words
	// Names is the list of the plan that its values come from.
	Names machine.PlanKind
	// Words are the only values that there are, where they are few.
	Words []string
	// Number, Long, Flag, Many and Selector say how a form asks for it: digits,
	// several lines, yes or no, any of several names, a selector.
	Number, Long, Flag, Many, Selector bool
	// Must tells that it cannot be left empty.
	Must bool
	// Hands tells that whoever stands before the machine sees it with own eyes.
	Hands bool

	get func(T) string
	set func(T, string) error
}

// Text is the value as people write it; empty where nothing is said.
func (f Field[T]) Text(of T) string { return f.get(of) }

// Set reads a value; empty takes away what was said. Its error names the field,
// the value and the remedy.
func (f Field[T]) Set(of T, text string) error {
	value := text
	if !f.Long { // a line break may mean something in several lines
		value = strings.TrimSpace(text)
	}
	if err := f.set(of, value); err != nil {
		return &Error{Field: f.Name, Value: text, Why: err.Error()}
	}
	return nil
}

// Error tells which field has which value that is wrong, and why.
type Error struct{ Field, Value, Why string }

func (e *Error) Error() string { return fmt.Sprintf("%s %.80q: %s", e.Field, e.Value, e.Why) }

// Find gives the field of a name; its error names the nearest one.
func Find[T any](all []Field[T], name string) (Field[T], error) {
	for _, f := range all {
		if f.Name == name {
			return f, nil
		}
	}
	names := Names(all)
	if near, distance := machine.Nearest(name, names); distance <= 3 {
		return Field[T]{}, &Error{Field: "field", Value: name, Why: "there is no such field: did you mean " + near + "?"}
	}
	return Field[T]{}, &Error{Field: "field", Value: name, Why: "there is no such field: there are " + strings.Join(names, ", ")}
}

// Names are those of fields, in their order.
func Names[T any](all []Field[T]) (names []string) {
	for _, f := range all {
		names = append(names, f.Name)
	}
	return names
}

// Words reads field=value words into what changes; the last one of a field
// counts.
func Words(all []string) (map[string]string, error) {
	changes := map[string]string{}
	for _, w := range all {
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, &Error{Field: "field", Value: w, Why: "want field=value, such as role=db; an empty value takes it away"}
		}
		changes[name] = value
	}
	return changes, nil
}

// Part is the field of one of several parts, such as param.tier: its family,
// and the part.
func Part(name string) (family, part string, ok bool) {
	family, part, ok = strings.Cut(name, ".")
	return family, part, ok && part != "" && slices.Contains([]string{"param", "nic"}, family)
}
