package oob

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a Secret would have been printed.
const redacted = "[redacted]"

// Secret is a password that no log, page, export or error can print: each way
// of formatting it gives the same word. string(s) is the one way to the text,
// and a search for it finds every use.
type Secret string

// Format covers every verb of package fmt, the wrong ones (%d) included, which
// would print the text that String alone hides.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String is for those who call it without fmt.
func (Secret) String() string { return redacted }

// LogValue is what slog writes.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is what encoding/json and its like write.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
