package delivery

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ReadError tells where a list cannot be read. Line and Column count from 1;
// a column is a byte of its line.
type ReadError struct {
	Line, Column int
	Why          string
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Why)
}

// Read reads a list: JSON where it begins with a bracket, else CSV with commas,
// semicolons or tabs.
func Read(text []byte, m Map) (*List, error) {
	if len(text) > MaxBytes {
		return nil, &ReadError{1, 1, fmt.Sprintf("the list has more than %d bytes: split it", MaxBytes)}
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, &ReadError{1, 1, "the list is UTF-16: save it as UTF-8"}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if err := readable(text); err != nil {
		return nil, err
	}
	var l *List
	var err error
	switch trimmed := bytes.TrimLeft(text, " \t\r\n"); {
	case len(trimmed) == 0:
		return nil, &ReadError{1, 1, "the list is empty: want a line of headings and one line for each machine"}
	case trimmed[0] == '[' || trimmed[0] == '{':
		l, err = readJSON(text, m)
	default:
		l, err = readCSV(text, m)
	}
	if err == nil && len(l.Lines) == 0 {
		err = &ReadError{1, 1, "the list has headings and no machine: want one line for each"}
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// readable finds the first byte that is no text.
func readable(text []byte) error {
	line, begin := 1, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return &ReadError{line, i - begin + 1, fmt.Sprintf("byte 0x%02x is not UTF-8: save the list as UTF-8", text[i])}
		case r == 0:
			return &ReadError{line, i - begin + 1, "byte 0x00 is no text: save the list as UTF-8"}
		case r == '\n':
			line, begin = line+1, i+1
		}
		i += size
	}
	return nil
}

func readCSV(text []byte, m Map) (*List, error) {
	text, skipped := separatorLine(text)
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = separator(text), -1, true
	if r.Comma == '\t' {
		r.TrimLeadingSpace = false // it would eat empty cells
	}
	first, err := r.Read()
	if err != nil {
		return nil, csvError(err, skipped)
	}
	for i := range first {
		first[i] = strings.TrimSpace(first[i])
	}
	for len(first) > 1 && first[len(first)-1] == "" { // a separator at the end of the line
		first = first[:len(first)-1]
	}
	l := &List{}
	if l.Style, l.Headings, err = headings(first, m); err != nil {
		return nil, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return nil, csvError(err, skipped)
		}
		number, _ := r.FieldPos(0)
		for i := range row {
			row[i] = unguard(strings.TrimSpace(row[i]))
		}
		if err := l.add(number+skipped, row); err != nil {
			return nil, err
		}
	}
}

// separatorLine takes off the line by which spreadsheets name their separator.
func separatorLine(text []byte) (rest []byte, lines int) {
	if line, rest, ok := bytes.Cut(text, []byte("\n")); ok && len(bytes.TrimSpace(line)) == 5 && bytes.HasPrefix(line, []byte("sep=")) {
		return rest, 1
	}
	return text, 0
}

// separator is the one of three that the headings have most of.
func separator(text []byte) rune {
	line, quoted := text, false
	for i, c := range text {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			line = text[:i]
			break
		}
	}
	best, most := ',', 0
	for _, r := range []rune{',', ';', '\t'} {
		if n := bytes.Count(line, []byte(string(r))); n > most {
			best, most = r, n
		}
	}
	return best
}

func csvError(err error, skipped int) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return &ReadError{1, 1, "the list has no line of headings"}
	}
	return &ReadError{p.Line + skipped, max(p.Column, 1), p.Err.Error() + ": write a quote within quotes twice, and end what a quote begins"}
}

// add takes one row; an empty one says nothing.
func (l *List) add(number int, row []string) error {
	line := Line{Number: number, Cells: map[string]string{}}
	for i, cell := range row {
		if cell = tidy(cell); cell == "" {
			continue
		}
		if i >= len(l.Headings) {
			return &ReadError{number, 1, fmt.Sprintf("has %d cells and the headings are %d: put quotes around a cell with a separator in it", len(row), len(l.Headings))}
		}
		if column := l.Headings[i].Column; column != "" {
			line.say(column, cell, l.Style)
		}
	}
	if len(line.Cells) == 0 && len(line.Faults) == 0 {
		return nil
	}
	if len(l.Lines) == MaxLines {
		return &ReadError{number, 1, fmt.Sprintf("the list has more than %d machines: split it", MaxLines)}
	}
	l.Lines = append(l.Lines, line)
	return nil
}

// guarded are the signs with which a spreadsheet begins a formula.
const guarded = "=+-@\t\r"

// guard keeps a spreadsheet from computing what somebody wrote; unguard takes
// it off. JSON has neither: nothing computes it.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune(guarded+"'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(guarded+"'", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}
