package web

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"firstlight/server/machine"
)

// memory spells bytes of memory, which come in powers of two: "256 GiB".
func memory(n uint64) string {
	for _, u := range []struct {
		bytes uint64
		name  string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.bytes {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/float64(u.bytes)), ".0") + " " + u.name
		}
	}
	return fmt.Sprintf("%d B", n)
}

// span spells a duration with two units at most: "1 min 35 s".
func span(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < 995*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 59500*time.Millisecond:
		return fmt.Sprintf("%d s", int(d.Seconds()+0.5))
	case d < time.Hour:
		return two(d.Round(time.Second), time.Minute, "min", time.Second, "s")
	case d < 24*time.Hour:
		return two(d.Round(time.Minute), time.Hour, "h", time.Minute, "min")
	default:
		return two(d.Round(time.Hour), 24*time.Hour, "d", time.Hour, "h")
	}
}

func two(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	if rest := d % big / small; rest > 0 {
		return fmt.Sprintf("%d %s %d %s", d/big, bigName, rest, smallName)
	}
	return fmt.Sprintf("%d %s", d/big, bigName)
}

// ago spells how long something has been, roughly. app.js has the same words.
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "just now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

// group is the colour of a status; every use stands beside its word.
func group(s machine.Status) string {
	switch s {
	case machine.InUse, machine.Available:
		return "rest"
	case machine.Allocated, machine.Installing, machine.Configuring, machine.Recycling, machine.Retiring:
		return "work"
	case machine.Registered:
		return "seen"
	case machine.Held, machine.Repairing:
		return "held"
	case machine.Broken:
		return "broken"
	default:
		return "absent"
	}
}

// machineURL is the address of a machine's page. Names come from serials: what
// a path cannot hold safely is replaced by the record's id.
func machineURL(m *machine.Machine) string {
	return "/machines/" + url.PathEscape(machineRef(m))
}

func machineRef(m *machine.Machine) string {
	odd := strings.IndexFunc(m.Name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_", r)
	})
	if m.Name == "" || odd >= 0 {
		return m.ID
	}
	return m.Name
}

// place says where a machine stands: "lon6-r12 u7".
func place(m *machine.Machine) string {
	var parts []string
	if m.Rack != "" {
		parts = append(parts, rackName(m))
	} else if m.Site != "" {
		parts = append(parts, m.Site)
	}
	if m.Unit > 0 {
		parts = append(parts, fmt.Sprintf("u%d", m.Unit))
	}
	return strings.Join(parts, " ")
}

// rackName is the rack's name with its site's, once.
func rackName(m *machine.Machine) string {
	if m.Site == "" || strings.HasPrefix(m.Rack, m.Site+"-") {
		return m.Rack
	}
	return m.Site + "-" + m.Rack
}

// short is the part of an id that people compare.
func short(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// plural spells a count with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
