package api

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// Bounds of what may be chosen.
const (
	fieldsParam = "fields"
	maxFields   = 64
)

// choice is which fields of an object are sent, in the order in which they were
// asked for.
type choice []chosen

// chosen is one of them, whole or only some parts of it.
type chosen struct {
	name  string
	parts choice // none: whole
}

// add chooses a field, by the names that lead to it. What is chosen whole stays
// so.
func (c choice) add(path []string) choice {
	for i := range c {
		if c[i].name != path[0] {
			continue
		}
		if len(path) == 1 {
			c[i].parts = nil
		} else if c[i].parts != nil {
			c[i].parts = c[i].parts.add(path[1:])
		}
		return c
	}
	one := chosen{name: path[0]}
	if len(path) > 1 {
		one.parts = choice{}.add(path[1:])
	}
	return append(c, one)
}

type choiceKey struct{}

// asksFor tells whether a field was chosen by name.
func asksFor(ctx context.Context, field string) bool {
	c, _ := ctx.Value(choiceKey{}).(choice)
	for _, one := range c {
		if one.name == field || one.name == "items" && slices.ContainsFunc(one.parts, func(p chosen) bool { return p.name == field }) {
			return true
		}
	}
	return false
}

// sendChosen leaves what was not asked for out of an answer.
func sendChosen(c huma.Context, status string, v any) (any, error) {
	picked, ok := c.Context().Value(choiceKey{}).(choice)
	if !ok || status >= "300" {
		return v, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = picked.write(&b, text)
	return json.RawMessage(b.Bytes()), err
}

// write writes the chosen fields of an object, or of each object of a list.
func (c choice) write(b *bytes.Buffer, text json.RawMessage) error {
	switch {
	case len(c) > 0 && text[0] == '[':
		var all []json.RawMessage
		if err := json.Unmarshal(text, &all); err != nil {
			return err
		}
		return joined(b, "[]", len(all), func(i int) error { return c.write(b, all[i]) })
	case len(c) > 0 && text[0] == '{':
		var object map[string]json.RawMessage
		if err := json.Unmarshal(text, &object); err != nil {
			return err
		}
		there := slices.DeleteFunc(slices.Clone(c), func(f chosen) bool { return object[f.name] == nil })
		return joined(b, "{}", len(there), func(i int) error {
			key, err := json.Marshal(there[i].name)
			if err != nil {
				return err
			}
			b.Write(append(key, ':'))
			return there[i].parts.write(b, object[there[i].name])
		})
	}
	b.Write(text)
	return nil
}

// joined writes parts between a pair of brackets, with commas.
func joined(b *bytes.Buffer, brackets string, n int, part func(int) error) error {
	b.WriteByte(brackets[0])
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := part(i); err != nil {
			return err
		}
	}
	b.WriteByte(brackets[1])
	return nil
}
