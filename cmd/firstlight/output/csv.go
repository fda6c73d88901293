package output

import (
	"encoding/csv"
	"strings"
)

// csvLines are all columns (RFC 4180), their names in the first line.
func csvLines[T any](items []T, columns []Column[T]) ([]string, error) {
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.Name
	}
	rows := [][]string{head}
	for _, item := range items {
		rows = append(rows, csvRow(item, columns))
	}
	all := make([]string, len(rows))
	var b strings.Builder
	w := csv.NewWriter(&b)
	for i, row := range rows {
		if err := w.Write(row); err != nil {
			return nil, err
		}
		w.Flush()
		all[i] = strings.TrimSuffix(b.String(), "\n")
		b.Reset()
	}
	return all, w.Error()
}

func csvRow[T any](item T, columns []Column[T]) []string {
	row := make([]string, len(columns))
	for i, c := range columns {
		text, isText := data(c.Value(item))
		if isText {
			text = unformula(text)
		}
		row[i] = text
	}
	return row
}

// unformula keeps a spreadsheet from running what a stranger called himself:
// text that begins like a formula gets an apostrophe, which spreadsheets take
// for "this is text" (OWASP, CSV injection). What could command a terminal is
// shown as its escape; a line break is no danger between quotes.
func unformula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		text = "'" + text
	}
	parts := strings.Split(text, "\n")
	for i := range parts {
		parts[i] = Plain(parts[i])
	}
	return strings.Join(parts, "\n")
}
