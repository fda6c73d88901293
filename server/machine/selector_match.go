package machine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// subject is what a selector is held against.
type subject interface{ values(field string) []string }

type node interface{ match(subject) bool }

type (
	andNode struct{ a, b node }
	orNode  struct{ a, b node }
	notNode struct{ n node }
	present struct{ field string }
	compare struct{ field, op, value string }
)

func (n andNode) match(s subject) bool { return n.a.match(s) && n.b.match(s) }
func (n orNode) match(s subject) bool  { return n.a.match(s) || n.b.match(s) }
func (n notNode) match(s subject) bool { return !n.n.match(s) }

// match holds where the field has a value that is more than none: a machine
// without disks has none, and one that is not locked has no lock.
func (n present) match(s subject) bool {
	return slices.ContainsFunc(s.values(n.field), func(v string) bool { return v != none[n.field] })
}

// match holds when any of the field's values does; != when none equals.
func (n compare) match(s subject) bool {
	if n.op == "!=" {
		return !compare{n.field, "=", n.value}.match(s)
	}
	return slices.ContainsFunc(s.values(n.field), n.holds)
}

func (n compare) holds(v string) bool {
	switch n.op {
	case ">=":
		return order(v, n.value) >= 0
	case "<=":
		return order(v, n.value) <= 0
	case ">":
		return order(v, n.value) > 0
	case "<":
		return order(v, n.value) < 0
	}
	for want := range strings.SplitSeq(n.value, ",") {
		if equal(v, want) {
			return true
		}
	}
	return false
}

// equal knows wildcards and ranges.
func equal(v, want string) bool {
	v, want = strings.ToLower(v), strings.ToLower(want)
	if v == want || v == strings.ReplaceAll(want, " ", "_") {
		return true
	}
	if first, last, ok := strings.Cut(want, ".."); ok {
		return order(v, first) >= 0 && order(v, last) <= 0
	}
	return strings.ContainsAny(want, "*?") && wild(v, want) || sameSize(v, want)
}

// wild matches * (any characters) and ? (any one) over the whole of v.
func wild(v, pattern string) bool {
	text, want := []rune(v), []rune(pattern)
	i, j, star, retry := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(want) && want[j] == '*':
			star, retry = j, i
			j++
		case j < len(want) && (want[j] == '?' || want[j] == text[i]):
			i, j = i+1, j+1
		case star >= 0: // let the last * eat one more
			retry++
			i, j = retry, star+1
		default:
			return false
		}
	}
	return strings.Trim(string(want[j:]), "*") == ""
}

// sameSize compares amounts where a unit is written: 2GiB is 2147483648. Plain
// digits stay text, because serial 007 is not serial 7.
func sameSize(v, want string) bool {
	if !strings.HasSuffix(want, "b") {
		return false
	}
	x, errX := number(v)
	y, errY := number(want)
	return errX == nil && errY == nil && x == y
}

// order compares as numbers where both are, with the units that people write,
// and otherwise so that r9 comes before r12.
func order(a, b string) int {
	x, errX := number(a)
	y, errY := number(b)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return natural(strings.ToLower(a), strings.ToLower(b))
}

func number(s string) (float64, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	scale := 1.0
	for _, u := range []struct {
		suffix string
		factor float64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}} {
		if t, ok := strings.CutSuffix(s, u.suffix); ok {
			s, scale = strings.TrimSpace(t), u.factor
			break
		}
	}
	if strings.Trim(s, "0123456789.") != "" {
		return 0, strconv.ErrSyntax // no "inf", no "1e5": those are names
	}
	f, err := strconv.ParseFloat(s, 64)
	return f * scale, err
}

// natural compares runs of digits as numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			x, y := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// CompareNames orders names as people do: r9 before r12.
func CompareNames(a, b string) int { return natural(strings.ToLower(a), strings.ToLower(b)) }
