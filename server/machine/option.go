package machine

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Option is a DHCP option beside what a boot needs.
type Option struct {
	Option string `json:"option"` // a name of optionKinds, or a code
	Value  string `json:"value"`  // as people write it
}

// optionKind is how people write an option's value, and how it stands in a packet.
type optionKind struct {
	code  uint8
	want  string // of a value, for people
	bytes func(string) ([]byte, error)
}

// optionKinds are the options that have a name (RFC 2132, and the RFC beside
// each). What a boot or a lease is made of is not among them.
var optionKinds = map[string]optionKind{
	"time-offset":         {2, "seconds east of UTC, such as 3600", integer(32)},
	"routers":             {3, addressesText, addressList},
	"dns-servers":         {6, addressesText, addressList},
	"log-servers":         {7, addressesText, addressList},
	"domain-name":         {15, wordsText, plainText},
	"mtu":                 {26, "bytes, such as 9000", integer(16)},
	"ntp-servers":         {42, addressesText, addressList},
	"posix-timezone":      {100, "such as CET-1CEST,M3.5.0,M10.5.0/3", plainText}, // RFC 4833
	"tz-name":             {101, "such as Europe/Stockholm", plainText},           // RFC 4833
	"ipv6-only-preferred": {108, "seconds, such as 1800", integer(32)},            // RFC 8925
	"captive-portal":      {114, "a URL", plainText},                              // RFC 8910
	"domain-search":       {119, "domains with commas between them", domainList},  // RFC 3397
	"classless-routes":    {121, "such as 10.0.0.0/8 via 10.80.12.3", routeList},  // RFC 3442
	"tftp-servers":        {150, addressesText, addressList},                      // RFC 5859
}

const (
	addressesText = "IPv4 addresses with commas between them"
	wordsText     = "text of up to 255 characters"
)

// OptionNames gives the names that options have, in order.
func OptionNames() []string { return slices.Sorted(maps.Keys(optionKinds)) }

// reservedOptions are the codes of which leases and boots are made; to set them by
// hand would break both.
var reservedOptions = []uint8{0, 1, 12, 43, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 66, 67, 77, 81, 82, 90, 93, 94, 97, 116, 118, 175, 255}

// ParseOption reads NAME=VALUE.
func ParseOption(s string) (Option, error) {
	name, value, ok := strings.Cut(s, "=")
	o := Option{strings.TrimSpace(name), strings.TrimSpace(value)}
	if !ok {
		return o, errors.New("want an option, = and its value, such as ntp-servers=10.80.12.5")
	}
	_, _, err := o.Encode()
	return o, err
}

// String is what ParseOption reads.
func (o Option) String() string { return o.Option + "=" + o.Value }

// Encode gives the option's code and its bytes in a packet.
func (o Option) Encode() (code uint8, value []byte, err error) {
	k, ok := optionKinds[o.Option]
	if !ok {
		n, err := strconv.ParseUint(o.Option, 10, 8)
		if err != nil {
			return 0, nil, fmt.Errorf("option %q: there is none of that name: want a code from 1 to 254 or one of %s", o.Option, strings.Join(OptionNames(), ", "))
		}
		k = kindOf(uint8(n))
	}
	if slices.Contains(reservedOptions, k.code) {
		return 0, nil, fmt.Errorf("option %q: leases and boots are made of it: leave it to the appliance", o.Option)
	}
	value, err = k.bytes(o.Value)
	if err == nil && len(value) > 255 {
		err = fmt.Errorf("it has %d bytes, more than 255", len(value))
	}
	if err != nil {
		return 0, nil, fmt.Errorf("option %s: value %q: %w: want %s", o.Option, o.Value, err, k.want)
	}
	return k.code, value, nil
}

// kindOf finds what is known of a code; one that is not known takes text or
// bytes.
func kindOf(code uint8) optionKind {
	for _, k := range optionKinds {
		if k.code == code {
			return k
		}
	}
	return optionKind{code, "hex: and bytes such as hex:0a500c01, or " + wordsText, anyBytes}
}

func anyBytes(s string) ([]byte, error) {
	if digits, ok := strings.CutPrefix(s, "hex:"); ok {
		return hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	}
	return plainText(s)
}

func plainText(s string) ([]byte, error) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, errors.New("it is empty, or not plain ASCII")
	}
	return []byte(s), nil
}

func integer(bits int) func(string) ([]byte, error) {
	return func(s string) ([]byte, error) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n >= 1<<bits || n < -1<<(bits-1) {
			return nil, fmt.Errorf("it is no number of %d bits", bits)
		}
		b := binary.BigEndian.AppendUint64(nil, uint64(n)) //nolint:gosec // two's complement is what is sent
		return b[8-bits/8:], nil
	}
}

// commas are what stands between commas.
func commas(s string) (all []string) {
	for p := range strings.SplitSeq(s, ",") {
		all = append(all, strings.TrimSpace(p))
	}
	return all
}

func addressList(s string) (b []byte, err error) {
	for _, p := range commas(s) {
		a, err := netip.ParseAddr(p)
		if err != nil || !a.Is4() {
			return nil, fmt.Errorf("%q is no IPv4 address", p)
		}
		b = append(b, a.AsSlice()...)
	}
	return b, nil
}

// domainList writes domains as DNS does, without the compression that RFC 3397
// allows.
func domainList(s string) (b []byte, err error) {
	for _, p := range commas(s) {
		name := strings.TrimSuffix(p, ".")
		for label := range strings.SplitSeq(name, ".") {
			if !ValidLabel(label) {
				return nil, fmt.Errorf("%q is no domain", p)
			}
		}
		b = append(b, WireName(name)...)
	}
	return b, nil
}

// WireName writes a name of valid labels as DNS does, without compression
// (RFC 1035 §3.1).
func WireName(name string) (b []byte) {
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// routeList writes destinations with as many bytes as their prefix has, each with its
// router (RFC 3442).
func routeList(s string) (b []byte, err error) {
	for _, p := range commas(s) {
		to, via, ok := strings.Cut(p, " via ")
		prefix, err1 := netip.ParsePrefix(strings.TrimSpace(to))
		router, err2 := netip.ParseAddr(strings.TrimSpace(via))
		if !ok || err1 != nil || err2 != nil || !prefix.Addr().Is4() || !router.Is4() || prefix != prefix.Masked() {
			return nil, fmt.Errorf("%q is no route", p)
		}
		b = append(b, byte(prefix.Bits()))
		b = append(b, prefix.Addr().AsSlice()[:(prefix.Bits()+7)/8]...)
		b = append(b, router.AsSlice()...)
	}
	return b, nil
}
