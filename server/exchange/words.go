package exchange

import "strings"

// Label passes a host name of a stranger if it is one plain DNS label, its
// first one, and else nothing.
func Label(name string) string {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' }
	if len(name) > 63 || strings.Trim(name, "-") != name ||
		strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return ""
	}
	return name
}

// Printable keeps the plain ASCII of a stranger's text, up to 64 characters.
func Printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 64)]
}
