package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// encode gives v as JSON on one line, no character of it changed to something
// else.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return harmless(b.Bytes()), err
}

// jsonText is for people and programs alike: indented.
func jsonText(text []byte) ([]byte, error) {
	var b bytes.Buffer
	err := json.Indent(&b, text, "", "  ")
	return b.Bytes(), err
}

// harmless escapes what could command a terminal. Only strings have such
// characters, and there an escape is the same character (RFC 8259 section 7).
func harmless(text []byte) []byte {
	if bytes.IndexFunc(text, unprinted) < 0 {
		return text
	}
	var b bytes.Buffer
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch high, low := utf16.EncodeRune(r); {
		case !unprinted(r):
			b.Write(text[:size])
		case r > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low) //nolint:errcheck // into memory
		default:
			fmt.Fprintf(&b, `\u%04x`, r) //nolint:errcheck // into memory
		}
		text = text[size:]
	}
	return b.Bytes()
}

// unprinted spares the blanks between values; JSON has no others below 0x20.
func unprinted(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && hostile(r) }
