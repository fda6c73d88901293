package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Differences gives what differs between a record before and after a change,
// as the audit keeps it: two JSON objects of the fields that differ, those of
// inner records by a path such as "flags.locked". A record that was not there
// before, or is not after, is nil and gives "". What a record keeps out of its
// JSON stays out.
func Differences(before, after any) (was, is string, err error) {
	b, err := fields(before)
	if err != nil {
		return "", "", err
	}
	a, err := fields(after)
	if err != nil {
		return "", "", err
	}
	for k, v := range b {
		if w, ok := a[k]; ok && reflect.DeepEqual(v, w) {
			delete(a, k)
			delete(b, k)
		}
	}
	if was, err = object(b); err == nil {
		is, err = object(a)
	}
	return was, is, err
}

// fields are the leaves of a record's JSON by their path.
func fields(record any) (map[string]any, error) {
	leaves := map[string]any{}
	if record == nil {
		return leaves, nil
	}
	text, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("compare records: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // identifiers longer than a float's digits stay what they are
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("compare records: %w", err)
	}
	flatten(leaves, "", v)
	return leaves, nil
}

// flatten leaves out what says nothing, so that a field that a record omits
// when empty and one that it writes empty are the same.
func flatten(leaves map[string]any, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if path != "" {
				key = path + "." + key
			}
			flatten(leaves, key, inner)
		}
	case []any:
		if len(v) > 0 {
			leaves[path] = v
		}
	case nil:
	default:
		if v != "" && v != false {
			leaves[path] = v
		}
	}
}

// object writes leaves as JSON with sorted keys; "" for none.
func object(leaves map[string]any) (string, error) {
	if len(leaves) == 0 {
		return "", nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // pages escape by themselves, and people read this
	if err := e.Encode(leaves); err != nil {
		return "", fmt.Errorf("compare records: %w", err)
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}
