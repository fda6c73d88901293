package journal

import (
	"slices"
	"strings"
)

// LogLines gives the last n lines that an agent logged, the oldest first, of rows
// that are given newest first.
func LogLines(rows []Event, n int) []string {
	var parts [][]string
	for _, e := range rows {
		if n <= 0 {
			break
		}
		if e.Source != Log {
			continue
		}
		part := strings.Split(e.Details[DetailLog], "\n")
		part = part[max(0, len(part)-n):]
		parts = append(parts, part)
		n -= len(part)
	}
	slices.Reverse(parts)
	return slices.Concat(parts...)
}
