package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// yamlText writes JSON as the same data in YAML, keys in the same order. It
// writes the little of YAML that every reader takes alike, 1.1 or 1.2: blocks,
// plain words that are nothing but words, and else JSON's own strings, which are
// YAML's as well (YAML 1.2 section 1.3).
func yamlText(text []byte) ([]byte, error) {
	y := yamlWriter{in: json.NewDecoder(bytes.NewReader(text))}
	y.in.UseNumber()
	err := y.value(0, "")
	return y.out.Bytes(), err
}

type yamlWriter struct {
	in  *json.Decoder
	out bytes.Buffer
}

// value writes the next value of the input. lead stands between it and what is
// on its line already: a scalar stays on the line, a block begins the next one.
func (y *yamlWriter) value(depth int, lead string) error {
	token, err := y.in.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return y.block(t, depth, lead)
	case string:
		y.out.WriteString(lead + yamlString(t) + "\n")
	case nil:
		y.out.WriteString(lead + "null\n")
	case json.Number:
		y.out.WriteString(lead + yamlNumber(t.String()) + "\n")
	default: // true or false
		fmt.Fprintf(&y.out, "%s%v\n", lead, t) //nolint:errcheck // into memory
	}
	return nil
}

func (y *yamlWriter) block(open json.Delim, depth int, lead string) error {
	if !y.in.More() {
		y.out.WriteString(lead + map[json.Delim]string{'{': "{}", '[': "[]"}[open] + "\n")
		_, err := y.in.Token()
		return err
	}
	first := true
	if lead == " " { // after a key
		y.out.WriteString("\n")
		first = false
	}
	for y.in.More() {
		if !first {
			y.out.WriteString(strings.Repeat("  ", depth))
		}
		first = false
		if err := y.entry(open, depth); err != nil {
			return err
		}
	}
	_, err := y.in.Token() // the end of the block
	return err
}

// entry writes one key with its value, or one item.
func (y *yamlWriter) entry(open json.Delim, depth int) error {
	if open == '[' {
		y.out.WriteString("- ")
		return y.value(depth+1, "")
	}
	key, err := y.in.Token()
	if err != nil {
		return err
	}
	y.out.WriteString(yamlString(fmt.Sprint(key)) + ":")
	return y.value(depth+1, " ")
}

// yamlNumber keeps a number as it was written, but for what not every reader
// takes for one: without a point, one with an exponent is none in YAML 1.1, and
// one that is larger than 64 bits is none for some libraries.
func yamlNumber(n string) string {
	whole, exponent, has := strings.Cut(strings.ToLower(n), "e")
	if !strings.Contains(whole, ".") && (has || !fits(whole)) {
		whole += ".0"
	}
	switch {
	case !has:
		return whole
	case strings.ContainsAny(exponent[:1], "+-"):
		return whole + "e" + exponent
	}
	return whole + "e+" + exponent
}

// fits tells whether an integer takes 64 bits.
func fits(n string) bool {
	_, signed := strconv.ParseInt(n, 10, 64)
	_, unsigned := strconv.ParseUint(n, 10, 64)
	return signed == nil || unsigned == nil
}

// yamlWords are what some reader takes for something else than a word.
var yamlWords = map[string]bool{
	"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true, "true": true, "false": true,
	"null": true, "nan": true, "inf": true,
}

// yamlString leaves words and sentences of words as they are; all else, also
// what looks like a number, a time or a MAC, stands between quotes.
func yamlString(s string) string {
	if bareYAML(s) && !yamlWords[strings.ToLower(s)] {
		return s
	}
	text, err := encode(s)
	if err != nil { // no string fails
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

func bareYAML(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return s != "" && strings.Contains(letters, s[:1]) && !strings.HasSuffix(s, " ") &&
		strings.Trim(s, letters+"0123456789 _./()+=;-") == ""
}
