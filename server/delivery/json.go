package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// readJSON reads a list of objects, bare or as "machines" (ours) or "results"
// (netbox) of an object. Keys are what headings are in CSV.
func readJSON(text []byte, m Map) (*List, error) {
	rows, err := jsonRows(text)
	if err != nil {
		return nil, err
	}
	if len(rows) > MaxLines {
		return nil, &ReadError{1, 1, fmt.Sprintf("the list has more than %d machines: split it", MaxLines)}
	}
	flat := make([]map[string]string, len(rows))
	keys := map[string]bool{}
	for i, row := range rows {
		flat[i] = map[string]string{}
		if err := flatten(flat[i], row); err != nil {
			return nil, &ReadError{i + 1, 1, err.Error()}
		}
		for k := range flat[i] {
			keys[k] = true
		}
	}
	order := slices.Sorted(maps.Keys(keys))
	l := &List{}
	if len(rows) == 0 {
		return l, nil
	}
	if l.Style, l.Headings, err = headings(order, m); err != nil {
		return nil, err
	}
	for i, row := range flat {
		cells := make([]string, len(order))
		for j, key := range order {
			cells[j] = row[key]
		}
		if err := l.add(i+1, cells); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func jsonRows(text []byte) ([]map[string]any, error) {
	var whole struct {
		Machines *[]map[string]any `json:"machines"`
		Results  *[]map[string]any `json:"results"`
	}
	var rows []map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var err error
	if bytes.TrimLeft(text, " \t\r\n")[0] == '[' {
		err = d.Decode(&rows)
	} else if err = d.Decode(&whole); err == nil {
		switch {
		case whole.Machines != nil:
			rows = *whole.Machines
		case whole.Results != nil:
			rows = *whole.Results
		default:
			return nil, &ReadError{1, 1, `want a list of objects, or an object with the list as "machines"`}
		}
	}
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the list")
		}
	}
	if err != nil {
		line, column := position(text, d.InputOffset(), err)
		return nil, &ReadError{line, column, "cannot be read as JSON: " + err.Error()}
	}
	return rows, nil
}

// position is where the decoder stopped.
func position(text []byte, offset int64, err error) (line, column int) {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	before := text[:min(max(int(offset), 0), len(text))]
	return bytes.Count(before, []byte("\n")) + 1, max(len(before)-1-bytes.LastIndexByte(before, '\n'), 1)
}

// flatten makes cells of an object: its params and interfaces get columns of
// their own, and what an object stands for is its name.
func flatten(into map[string]string, row map[string]any) error {
	for key, value := range row {
		switch v := value.(type) {
		case map[string]any:
			if key != "params" {
				into[key] = named(v)
				continue
			}
			for name, param := range v {
				into["params."+name] = scalar(param)
			}
		case []any:
			if key == "nics" {
				if err := interfaces(into, v); err != nil {
					return err
				}
				continue
			}
			var all []string
			for _, item := range v {
				if o, ok := item.(map[string]any); ok {
					item = named(o)
				}
				all = append(all, scalar(item))
			}
			into[key] = strings.Join(all, ",")
		default:
			into[key] = scalar(v)
		}
	}
	return nil
}

func interfaces(into map[string]string, all []any) error {
	for i, item := range all {
		nic, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("nics[%d]: want an object with mac, switch and port", i)
		}
		for _, part := range []string{"name", "mac", "switch", "port"} {
			if text := scalar(nic[part]); text != "" {
				into[fmt.Sprintf("nic%d_%s", i+1, part)] = text
			}
		}
	}
	return nil
}

// named is what stands for an object of netbox.
func named(o map[string]any) string {
	for _, key := range []string{"value", "slug", "model", "name", "address", "display"} {
		if text := scalar(o[key]); text != "" {
			return text
		}
	}
	return ""
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	default:
		return ""
	}
}
