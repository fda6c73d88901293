package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limits of a message, in either direction. The largest report seen in the
// field of peers (a storage server with 106 disks) is about 60 KiB.
const (
	MaxBytes = 256 << 10
	MaxDepth = 32
)

// Decode reads one Report. Fields that it does not know are left alone, so that
// a newer agent can talk to an older appliance; a Version that it does not
// speak is an error that names both.
func Decode(r io.Reader) (Report, error) {
	rep, err := DecodeMessage[Report](r)
	if err != nil {
		return Report{}, err
	}
	if rep.Version != Version {
		return Report{}, fmt.Errorf("decode report: version is %d, and this appliance speaks %d: "+
			"boot the machine from the boot image of this release", rep.Version, Version)
	}
	return rep, nil
}

// DecodeMessage reads one message of any kind within the same limits. What
// follows the message is an error: it would be the part that nobody checked.
func DecodeMessage[T any](r io.Reader) (T, error) {
	var zero, m T
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return zero, fmt.Errorf("decode %T: %w", m, err)
	}
	if len(b) > MaxBytes {
		return zero, fmt.Errorf("decode %T: more than %d bytes", m, MaxBytes)
	}
	if err := checkDepth(b); err != nil {
		return zero, fmt.Errorf("decode %T: %w", m, err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return zero, fmt.Errorf("decode %T: %w", m, err)
	}
	return m, nil
}

var errDepth = errors.New("nested too deeply")

// checkDepth counts brackets outside strings. It runs before the decoder,
// whose own bound of 10,000 levels costs a stranger nothing and us a stack.
func checkDepth(b []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("%w: more than %d levels at byte %d", errDepth, MaxDepth, i)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
