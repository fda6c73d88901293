package reference

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func (b *builder) schemas() []Schema {
	var all []Schema
	for _, name := range slices.Sorted(maps.Keys(b.Components.Schemas)) {
		s := Schema{Name: name, Fields: b.fields(b.Components.Schemas[name])}
		s.Example = indented(b.Components.Examples[name].Value)
		all = append(all, s)
	}
	return all
}

// resolve follows references to schemas, which may lead to others.
func (b *builder) resolve(s *schema) *schema {
	for range len(b.Components.Schemas) + 1 {
		if s == nil || s.Ref == "" {
			return s
		}
		next, ok := b.Components.Schemas[named(s.Ref)]
		if !ok {
			b.miss(s.Ref)
		}
		s = next
	}
	return nil // in a circle
}

// fields are an object's properties, those that must be there first.
func (b *builder) fields(s *schema) []Field {
	if s == nil {
		return nil
	}
	var all []Field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		f := b.field(name, s.Properties[name])
		f.Required = slices.Contains(s.Required, name)
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(x, y Field) int { return rank(x) - rank(y) })
	return all
}

func rank(f Field) int {
	if f.Required {
		return 0
	}
	return 1
}

// field describes one value by its own schema and, where that refers to
// another, by what stands beside the reference.
func (b *builder) field(name string, s *schema) Field {
	if s == nil {
		return Field{Name: name}
	}
	f := Field{Name: name, Type: b.typeOf(s), About: prose(s.Description), Limits: limits(s)}
	for _, v := range s.Enum {
		f.Choices = append(f.Choices, fmt.Sprint(v))
	}
	if s.Items != nil {
		for _, v := range s.Items.Enum {
			f.Choices = append(f.Choices, fmt.Sprint(v))
		}
	}
	if len(s.Examples) > 0 {
		f.Example = plain(s.Examples[0])
	}
	return f
}

// plain is a JSON value as people write it.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// typeOf says what a value is, such as "array of Machine".
func (b *builder) typeOf(s *schema) []Run {
	switch {
	case s == nil:
		return []Run{{Text: "any"}}
	case s.Ref != "":
		b.resolve(s)
		return []Run{{Text: named(s.Ref), Schema: named(s.Ref)}}
	case len(s.OneOf)+len(s.AnyOf) > 0:
		return b.either(append(slices.Clone(s.OneOf), s.AnyOf...))
	case slices.Equal(s.Type, types{"null"}):
		return []Run{{Text: "null"}}
	}
	kinds := slices.DeleteFunc(slices.Clone(s.Type), func(t string) bool { return t == "null" })
	var all []Run
	switch {
	case slices.Contains(kinds, "array"):
		all = append([]Run{{Text: "array of "}}, b.typeOf(s.Items)...)
	case slices.Contains(kinds, "object") && s.AdditionalProperties.schema != nil:
		all = append([]Run{{Text: "map of "}}, b.typeOf(s.AdditionalProperties.schema)...)
	case len(kinds) == 0:
		all = []Run{{Text: "any"}}
	default:
		all = []Run{{Text: strings.Join(kinds, " or ")}}
	}
	if s.Format != "" && s.Format != "int64" && s.Format != "double" { // every number of JSON is one
		all = append(all, Run{Text: ", " + s.Format})
	}
	if len(kinds) < len(s.Type) {
		all = append(all, Run{Text: " or null"})
	}
	return all
}

func (b *builder) either(of []*schema) (all []Run) {
	for i, s := range of {
		if i > 0 {
			all = append(all, Run{Text: " or "})
		}
		all = append(all, b.typeOf(s)...)
	}
	return all
}

// limits are the bounds of a value in words.
func limits(s *schema) (all []string) {
	for _, l := range []struct {
		least, most json.Number
		unit        string
	}{{s.Minimum, s.Maximum, ""}, {s.MinLength, s.MaxLength, " characters"}, {s.MinItems, s.MaxItems, " entries"}} {
		least, most := number(l.least), number(l.most)
		switch {
		case least != "" && most != "":
			all = append(all, least+" to "+most+l.unit)
		case least != "":
			all = append(all, "at least "+least+l.unit)
		case most != "":
			all = append(all, "at most "+most+l.unit)
		}
	}
	if s.Pattern != "" {
		all = append(all, "matches "+s.Pattern)
	}
	if len(s.Default) > 0 {
		all = append(all, "default "+plain(s.Default))
	}
	return all
}

// number writes a bound without an exponent.
func number(n json.Number) string {
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
