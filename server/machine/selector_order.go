package machine

import (
	"cmp"
	"strconv"
	"strings"
)

// holds compares one value of the field with an operand.
func (f *Field) holds(v, op string, o Operand) bool {
	v = strings.ToLower(v)
	if o.Range {
		return f.order(v, o.Low) >= 0 && f.order(v, o.High) <= 0
	}
	switch op {
	case ">=":
		return f.order(v, o.bound()) >= 0
	case "<=":
		return f.order(v, o.bound()) <= 0
	case ">":
		return f.order(v, o.bound()) > 0
	case "<":
		return f.order(v, o.bound()) < 0
	}
	switch {
	case f.Kind == NumberField:
		return f.order(v, o.bound()) == 0
	case o.Pattern:
		return Wild(v, o.Text)
	default:
		return v == o.Text
	}
}

func (o Operand) bound() Bound { return Bound{o.Text, o.Number} }

// order compares numbers as numbers, and names so that r9 comes before r12.
func (f *Field) order(v string, b Bound) int {
	if f.Kind != NumberField {
		return natural(v, b.Text)
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return -1 // a field of numbers gives nothing else
	}
	return cmp.Compare(n, b.Number)
}

// Wild matches a pattern with * (any characters) and ? (any one) over the whole
// of v.
func Wild(v, pattern string) bool {
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

// number reads an amount, with the units that people write.
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

// NameKey spells a name so that the order of bytes is the order of
// CompareNames: each run of digits loses its zeros in front and gets its length
// before it. A database sorts by it without knowing how people count.
func NameKey(name string) string {
	name = strings.ToLower(name)
	var key strings.Builder
	for name != "" {
		n := digits(name)
		if n == 0 {
			key.WriteByte(name[0])
			name = name[1:]
			continue
		}
		run := strings.TrimLeft(name[:n], "0")
		for length := len(run); ; length -= 9 { // 9 says that more of the length follows
			key.WriteByte(byte('0' + min(length, 9)))
			if length < 9 {
				break
			}
		}
		key.WriteString(run)
		name = name[n:]
	}
	return key.String()
}
