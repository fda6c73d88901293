package delivery

import (
	"regexp"
	"strings"
	"sync"
)

// tidy is a text without blanks around it, and with the line ends that CSV
// gives back: its readers take CRLF for one newline (RFC 4180 §2 ends records
// with it).
func tidy(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

// say keeps what a cell says. Two headings may mean one column, as a serial
// number and a service tag do; they must agree.
func (l *Line) say(column, cell string, style Style) {
	switch {
	case column == rackLocation:
		rack, unit := splitLocation(cell)
		l.say("rack", rack, style)
		if unit != "" {
			l.say("unit", unit, style)
		}
		return
	case column == "memory_gb":
		column, cell = "memory", cell+" GiB"
	case style == NetBox:
		cell = fromNetBox(column, cell)
	}
	if had, ok := l.Cells[column]; ok && had != cell {
		l.Faults = append(l.Faults, Fault{column, cell, "another column of this line says " + had + ": correct one, or leave one out"})
		return
	}
	if cell != "" {
		l.Cells[column] = cell
	}
}

var locationUnit = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(.*?)[\s,;:/_-]*\bR?U\s*-?0*([0-9]{1,2})$`) })

// splitLocation reads "R12 U17", "lon6-r12/u17" and "r12".
func splitLocation(text string) (rack, unit string) {
	if m := locationUnit().FindStringSubmatch(text); m != nil && m[1] != "" {
		return m[1], m[2]
	}
	return text, ""
}

// fromNetBox spells a cell as we do: positions are decimals there, addresses
// have their prefix, and names of roles and tenants are for people.
func fromNetBox(column, cell string) string {
	switch column {
	case "unit", "height":
		return strings.TrimSuffix(cell, ".0")
	case "bmc_address":
		address, _, _ := strings.Cut(cell, "/")
		return address
	case "hostname":
		return strings.ToLower(cell)
	case "role", "owner", "site":
		return slug(cell)
	case "tags":
		parts := strings.Split(cell, ",")
		for i := range parts {
			parts[i] = slug(parts[i])
		}
		return strings.Join(parts, ",")
	}
	return cell
}

// slug spells a name for people as a word.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		default:
			return '-'
		}
	}, strings.ToLower(strings.TrimSpace(name))), "-")
}
