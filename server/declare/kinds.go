package declare

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// textOf is a field of text.
func textOf[T any](name, says string, at func(T) *string) Field[T] {
	return Field[T]{
		Name: name, Says: says,
		get: func(t T) string { return *at(t) },
		set: func(t T, text string) error { *at(t) = text; return nil },
	}
}

// selectorOf is a field of text that picks machines.
func selectorOf[T any](name, says string, at func(T) *string) Field[T] {
	f := textOf(name, says, at)
	f.Selector = true
	return f
}

// numberOf is a field of a whole number; 0 is nothing said.
func numberOf[T any](name, says string, at func(T) *int) Field[T] {
	return Field[T]{
		Name: name, Says: says, Number: true,
		get: func(t T) string {
			if *at(t) == 0 {
				return ""
			}
			return strconv.Itoa(*at(t))
		},
		set: func(t T, text string) (err error) { *at(t), err = whole(text); return err },
	}
}

func whole(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errors.New("want a whole number")
	}
	return n, nil
}

// flagOf is a field that is true or false.
func flagOf[T any](name, says string, at func(T) *bool) Field[T] {
	return Field[T]{
		Name: name, Says: says, Flag: true, Words: []string{"true", "false"},
		get: func(t T) string {
			if *at(t) {
				return "true"
			}
			return ""
		},
		set: func(t T, text string) (err error) { *at(t), err = truth(text); return err },
	}
}

func truth(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "", "false", "no", "off", "0":
		return false, nil
	}
	return false, errors.New("want true or false")
}

// listOf is a field of words between commas.
func listOf[T any](name, says string, at func(T) *[]string) Field[T] {
	return Field[T]{
		Name: name, Says: says, Many: true,
		get: func(t T) string { return strings.Join(*at(t), ",") },
		set: func(t T, text string) error { *at(t) = split(text); return nil },
	}
}

// split gives the words between commas and blanks, nil where there is none.
func split(text string) []string {
	all := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' })
	if len(all) == 0 {
		return nil
	}
	return all
}

// pairsOf is a field of names with values: one pair on a line, or, on one line,
// commas between them.
func pairsOf[T any](name, says string, at func(T) *map[string]string) Field[T] {
	return Field[T]{
		Name: name, Says: says, Long: true,
		get: func(t T) string { return joinPairs(*at(t)) },
		set: func(t T, text string) (err error) { *at(t), err = readPairs(text); return err },
	}
}

func joinPairs(pairs map[string]string) string {
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(pairs)) {
		lines = append(lines, k+"="+pairs[k])
	}
	if len(lines) == 1 && strings.Contains(lines[0], ",") {
		return lines[0] + "\n" // a line of its own, or its comma would end it
	}
	return strings.Join(lines, "\n")
}

func readPairs(text string) (map[string]string, error) {
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	if len(lines) == 1 && strings.Count(text, "=") > 1 {
		lines = strings.Split(text, ",")
	}
	var pairs map[string]string
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if k = strings.TrimSpace(k); !ok || k == "" {
			return nil, errors.New("want name=value, one on a line")
		}
		if pairs == nil {
			pairs = map[string]string{}
		}
		pairs[k] = strings.TrimSpace(v)
	}
	return pairs, nil
}

// bytesOf is a field of an amount of memory or disk.
func bytesOf[T any](name, says string, at func(T) *uint64) Field[T] {
	return Field[T]{
		Name: name, Says: says,
		get: func(t T) string { return size(*at(t)) },
		set: func(t T, text string) (err error) { *at(t), err = readSize(text); return err },
	}
}

var units = []struct {
	name  string
	bytes uint64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
}

// size is the shortest spelling that says exactly so many bytes.
func size(bytes uint64) string {
	if bytes == 0 {
		return ""
	}
	best := strconv.FormatUint(bytes, 10)
	for _, u := range units {
		if text := strconv.FormatUint(bytes/u.bytes, 10) + u.name; bytes%u.bytes == 0 && len(text) < len(best) {
			best = text
		}
	}
	return best
}

func readSize(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	factor := uint64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(strings.ToLower(text), strings.ToLower(u.name)); ok {
			text, factor = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > 1<<62/factor {
		return 0, errors.New("want a number of bytes, such as 64GiB or 480GB")
	}
	return n * factor, nil
}

// spanOf is a field of a length of time.
func spanOf[T any](name, says string, at func(T) *time.Duration) Field[T] {
	return Field[T]{
		Name: name, Says: says,
		get: func(t T) string {
			if *at(t) == 0 {
				return ""
			}
			text := at(t).String() // 12h0m0s
			for _, zero := range []string{"m0s", "h0m"} {
				if strings.HasSuffix(text, zero) {
					text = text[:len(text)-2]
				}
			}
			return text
		},
		set: func(t T, text string) error {
			if text == "" {
				*at(t) = 0
				return nil
			}
			d, err := time.ParseDuration(text)
			if err != nil {
				return fmt.Errorf("want a time such as 40s or 10m")
			}
			*at(t) = d
			return nil
		},
	}
}

// secondsOf is a field of a length of time that is kept in seconds.
func secondsOf[T any](name, says string, at func(T) *int64) Field[T] {
	span := spanOf(name, says, func(d *time.Duration) *time.Duration { return d })
	return Field[T]{
		Name: name, Says: says,
		get: func(t T) string {
			d := time.Duration(*at(t)) * time.Second
			return span.get(&d)
		},
		set: func(t T, text string) error {
			var d time.Duration
			err := span.set(&d, text)
			if err == nil && d%time.Second != 0 {
				err = errors.New("want whole seconds, such as 10m")
			}
			*at(t) = int64(d / time.Second)
			return err
		},
	}
}
