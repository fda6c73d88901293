package zone

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of RFC 1035 §2.3.4. A name of 255 octets on the wire has 253
// characters without its last dot.
const (
	maxLabel = 63
	maxName  = 253
)

// reserved host names are never a machine's, whoever asks for them: a machine
// so called would be taken for the loopback (RFC 6761 §6.3), for the proxy
// configuration of every browser of the site (WPAD), for a tunnel router (RFC
// 5214 §8.3), for the way out, or for this appliance.
var reserved = [...]string{"localhost", "wpad", "isatap", "gateway", nsLabel}

// nsLabel is the first label of the appliance's own name in each zone.
const nsLabel = "ns"

// checkLabel says why label cannot be a host name. Letters, digits and inner
// dashes only (RFC 1123 §2.1): such a label never needs quoting in a master
// file, a boot script or a shell.
func checkLabel(label string) error {
	switch {
	case label == "":
		return fmt.Errorf("label is empty")
	case len(label) > maxLabel:
		return fmt.Errorf("label %.20q… has %d characters, want at most %d", label, len(label), maxLabel)
	case label[0] == '-' || label[len(label)-1] == '-':
		return fmt.Errorf("label %q begins or ends with a dash", label)
	}
	for i := range len(label) {
		if !isLDH(label[i]) {
			return fmt.Errorf("label %q has %q in it, want letters, digits and dashes only", label, label[i])
		}
	}
	return nil
}

// checkHostname is checkLabel and refuses the reserved names.
func checkHostname(name string) error {
	if slices.Contains(reserved[:], strings.ToLower(name)) {
		return fmt.Errorf("name %q is reserved", name)
	}
	return checkLabel(name)
}

// checkDomain says why domain cannot be a zone's name.
func checkDomain(domain string) error {
	if len(domain) > maxName {
		return fmt.Errorf("domain has %d characters, want at most %d", len(domain), maxName)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if err := checkLabel(label); err != nil {
			return err
		}
	}
	return nil
}

func isLDH(b byte) bool {
	return b == '-' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// fold is the form in which names are compared: RFC 4343 §3.
func fold(name string) string { return strings.ToLower(name) }

// absolute is domain in the spelling of zone names: lower case, one dot at
// the end.
func absolute(domain string) string { return fold(strings.TrimSuffix(domain, ".")) + "." }

// parent cuts the first label off; the parent of the last label is ".".
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	if rest == "" {
		return "."
	}
	return rest
}

// sortKey maps names so that bytewise order of keys is the canonical order of
// names (RFC 4034 §6.1): labels from right to left, a name before the names
// below it. No label of ours holds a byte below the separator.
func sortKey(name string) string {
	name = strings.TrimSuffix(fold(name), ".")
	key := make([]byte, 0, len(name))
	for end := len(name); end > 0; {
		dot := strings.LastIndexByte(name[:end], '.')
		key = append(key, name[dot+1:end]...)
		if dot > 0 {
			key = append(key, 0)
		}
		end = dot
	}
	return string(key)
}
