package output

import (
	"maps"
	"slices"
	"strings"
)

// Changes prints a list again and again: the first time all of it, and then the
// rows of which what is printed differs from the time before. JSON has one row
// on a line, YAML one document for each.
type Changes[T any] struct {
	Columns []Column[T]
	Newest  bool // rows come newest first: they are printed the other way round
	Limited bool // the list has the newest rows only: none is said to be gone
	begun   bool
	before  map[string]int // what rows said, and how many said it
	names   map[string]bool
}

// Print gives the names of the rows that the list does not have any more.
func (c *Changes[T]) Print(p Printer, rows Rows[T]) (gone []string, err error) {
	head, printed, said, err := c.rows(p, rows)
	if err != nil {
		return nil, err
	}
	now := map[string]int{}
	var fresh []string
	for i, text := range said {
		if now[text]++; now[text] > c.before[text] {
			fresh = append(fresh, printed[i])
		}
	}
	if c.Newest {
		slices.Reverse(fresh)
	}
	if !c.begun {
		fresh = slices.Concat(head, fresh)
	}
	c.begun, c.before = true, now
	return c.gone(rows.Items), p.Lines(fresh)
}

// rows gives what is printed of each row, and what tells whether it changed: an
// age grows by itself.
func (c *Changes[T]) rows(p Printer, rows Rows[T]) (head, printed, said []string, err error) {
	switch p.Form {
	case JSON, YAML:
		printed, err = documents(p.Form, rows.Text)
		return nil, printed, printed, err
	case Name:
		printed = names(rows.Items, c.Columns)
		return nil, printed, printed, nil
	case CSV:
		printed, err = csvLines(rows.Items, c.Columns)
		return printed[:1], printed[1:], printed[1:], err
	}
	printed = Table(p, rows.Items, c.Columns)
	shown := slices.DeleteFunc(slices.Clone(c.Columns), func(c Column[T]) bool { return c.Wide && p.Form != Wide })
	for _, item := range rows.Items {
		said = append(said, strings.Join(csvRow(item, shown), "\x00"))
	}
	return printed[:1], printed[1:], said, nil
}

func (c *Changes[T]) gone(items []T) (gone []string) {
	now := map[string]bool{}
	for _, name := range names(items, c.Columns) {
		now[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(c.names)) {
		if !now[name] && !c.Limited {
			gone = append(gone, name)
		}
	}
	c.names = now
	return gone
}
