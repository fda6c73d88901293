package output

import (
	"encoding/json"
	"io"
	"strings"
	"time"
)

// Forms of output besides a table.
const (
	Wide = "wide" // a table with all columns
	JSON = "json"
	YAML = "yaml"
	CSV  = "csv"
	Name = "name" // the first column
)

// Printer is where, in which form and when something is printed.
type Printer struct {
	W      io.Writer
	Form   string
	Colour bool
	Now    time.Time
}

// Rows is a list as a command has it: rows, and what the API wrote of each.
type Rows[T any] struct {
	Items []T
	Text  []json.RawMessage
}

// List prints a list.
func List[T any](p Printer, rows Rows[T], columns []Column[T]) error {
	switch p.Form {
	case JSON, YAML:
		return p.Document(map[string]any{"items": append([]json.RawMessage{}, rows.Text...), "total": len(rows.Items)})
	case CSV:
		all, err := csvLines(rows.Items, columns)
		if err != nil {
			return err
		}
		return p.Lines(all)
	case Name:
		return p.Lines(names(rows.Items, columns))
	}
	return p.Lines(Table(p, rows.Items, columns))
}

// names are the values of the first column, as programs read them.
func names[T any](items []T, columns []Column[T]) []string {
	all := make([]string, len(items))
	for i, item := range items {
		text, _ := data(columns[0].Value(item))
		all[i] = Plain(text)
	}
	return all
}

// Document prints one thing as the API says it, in JSON or, if that is the
// form, in YAML.
func (p Printer) Document(v any) error {
	text, err := encode(v)
	if err != nil {
		return err
	}
	if p.Form == YAML {
		text, err = yamlText(text)
	} else {
		text, err = jsonText(text)
	}
	if err != nil {
		return err
	}
	_, err = p.W.Write(text)
	return err
}

// Lines prints what Table, Facts and others made.
func (p Printer) Lines(all []string) error {
	var b strings.Builder
	for _, line := range all {
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(p.W, b.String())
	return err
}

// Next prints one of several documents as the API says it.
func (p Printer) Next(text json.RawMessage) error {
	all, err := documents(p.Form, []json.RawMessage{text})
	if err != nil {
		return err
	}
	return p.Lines(all)
}

// documents are things as one of several: JSON on one line, YAML with its mark
// of a new document before it.
func documents(form string, texts []json.RawMessage) ([]string, error) {
	all := make([]string, len(texts))
	for i, raw := range texts {
		text, err := encode(raw)
		if err == nil && form == YAML {
			text, err = yamlText(text)
			text = append([]byte("---\n"), text...)
		}
		if err != nil {
			return nil, err
		}
		all[i] = strings.TrimSuffix(string(text), "\n")
	}
	return all, nil
}
