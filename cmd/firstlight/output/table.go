package output

import (
	"strings"
	"unicode/utf8"
)

// between is the space between columns.
const between = "  "

// Table is a line of heads, then one for each row.
func Table[T any](p Printer, items []T, columns []Column[T]) []string {
	grid := make([][]cell, len(items)+1)
	for _, c := range columns {
		if c.Wide && p.Form != Wide {
			continue
		}
		head := cell{text: c.head()}
		for i, item := range items {
			v := shown(c.Value(item), p.Now)
			head.right = head.right || v.right
			grid[i+1] = append(grid[i+1], v)
		}
		grid[0] = append(grid[0], head)
	}
	return aligned(grid, p.Colour)
}

// Fact is one line about a thing: its name, and a value as a Column gives them.
type Fact = [2]any

// Facts are name and value on each line; what says nothing is left out.
func Facts(p Printer, facts []Fact) []string {
	var grid [][]cell
	for _, f := range facts {
		value := shown(f[1], p.Now)
		value.right = false
		if value.text != "" {
			grid = append(grid, []cell{shown(f[0], p.Now), value})
		}
	}
	return aligned(grid, p.Colour)
}

// aligned fills each cell to the width of its column.
func aligned(grid [][]cell, colour bool) []string {
	var widths []int
	for _, row := range grid {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	all := make([]string, len(grid))
	for i, row := range grid {
		all[i] = line(row, widths, colour)
	}
	return all
}

// line writes one row. Blanks are written before a text only, so that none ends
// the line.
func line(row []cell, widths []int, colour bool) string {
	var b strings.Builder
	blanks := 0
	for i, c := range row {
		fill := widths[i] - utf8.RuneCountInString(c.text)
		if c.right || c.text == "" {
			blanks, fill = blanks+fill, 0
		}
		if c.text != "" {
			b.WriteString(strings.Repeat(" ", blanks))
			b.WriteString(painted(c, colour))
			blanks = 0
		}
		blanks += fill + len(between)
	}
	return b.String()
}
