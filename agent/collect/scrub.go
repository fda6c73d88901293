package collect

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"firstlight/agent/report"
)

// secret is what tells a machine, or a part of it, from all others, as bytes of a
// file or an answer, and others of the same length for it.
type secret struct{ own, instead []byte }

// secrets are all of a report: serials, asset tag, UUID, names in the world, MACs and
// the host's name. What is shorter than five letters tells nothing apart, and
// placeholders are worth keeping: what has a blank, or one letter alone.
func secrets(r report.Report) []secret {
	const least = 5
	texts := []string{r.System.Serial, r.Board.Serial, r.Chassis.Serial, r.Chassis.Asset}
	for _, d := range r.DIMMs {
		texts = append(texts, d.Serial)
	}
	for _, d := range r.Disks {
		_, wwn, _ := strings.Cut(d.WWN, ".")
		texts = append(texts, d.Serial, wwn)
	}
	if r.OS != nil {
		texts = append(texts, r.OS.Hostname)
	}
	s := scrubber{seen: map[string]bool{}}
	for _, text := range texts {
		if len(text) >= least && !strings.Contains(text, " ") && strings.Trim(text, text[:1]) != "" {
			s.text(text)
		}
	}
	s.uuid(r.System.UUID)
	for _, n := range r.NICs {
		s.mac(n.MAC)
		s.mac(n.PermanentMAC)
	}
	if r.BMC != nil {
		s.mac(r.BMC.MAC)
	}
	slices.SortStableFunc(s.all, func(a, b secret) int { return cmp.Compare(len(b.own), len(a.own)) })
	return s.all
}

type scrubber struct {
	seen map[string]bool
	all  []secret
	n    int
}

func (s *scrubber) add(own, instead string) {
	s.all = append(s.all, secret{[]byte(own), []byte(instead)})
}

// fresh tells whether something has to be hidden, and was not yet.
func (s *scrubber) fresh(text string) bool {
	if text == "" || s.seen[text] {
		return false
	}
	s.seen[text], s.n = true, s.n+1
	return true
}

// text puts a number where letters and digits are. ATA puts the first letter of two
// last; a text that stands in a field of its own is even then.
func (s *scrubber) text(own string) {
	if !s.fresh(own) {
		return
	}
	instead := numbered(own, s.n)
	s.add(own, instead)
	if len(own)%2 == 0 {
		s.add(swapped(own), swapped(instead))
	} else {
		s.add(swapped(own+" "), swapped(instead+" "))
	}
}

func numbered(own string, n int) string {
	digits := fmt.Sprintf("%0*d", len(own), n)
	return strings.Map(func(r rune) rune {
		d := rune(digits[0])
		digits = digits[1:]
		if strings.ContainsRune(":-._/", r) {
			return r
		}
		return d
	}, own)
}

func swapped(text string) string {
	b := []byte(text)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// uuid also stands in the firmware's table, its first three fields little-endian.
func (s *scrubber) uuid(own string) {
	var b []byte
	if _, err := fmt.Sscanf(strings.ReplaceAll(own, "-", ""), "%x", &b); err != nil || len(b) != 16 || len(bytes.Trim(b, string(b[:1]))) == 0 || !s.fresh(own) {
		return
	}
	instead := make([]byte, 16)
	instead[6], instead[8], instead[15] = 0x40, 0x80, byte(s.n)
	spelt := fmt.Sprintf("%x-%x-%x-%x-%x", instead[:4], instead[4:6], instead[6:8], instead[8:10], instead[10:])
	s.add(own, spelt)
	s.add(strings.ToUpper(own), strings.ToUpper(spelt))
	s.add(string(tableUUID(b)), string(tableUUID(instead)))
}

func tableUUID(b []byte) []byte {
	t := bytes.Clone(b)
	slices.Reverse(t[:4])
	slices.Reverse(t[4:6])
	slices.Reverse(t[6:8])
	return t
}

// mac stands in files with colons, in BOOTIF with dashes, and in answers as it is.
func (s *scrubber) mac(own string) {
	a, err := net.ParseMAC(own)
	if err != nil || len(a) != 6 || !s.fresh(own) {
		return
	}
	instead := net.HardwareAddr{2, 0, 0, 0, byte(s.n >> 8), byte(s.n)}
	for _, spell := range []func(net.HardwareAddr) string{
		net.HardwareAddr.String,
		func(a net.HardwareAddr) string { return strings.ReplaceAll(a.String(), ":", "-") },
		func(a net.HardwareAddr) string { return string(a) },
	} {
		s.add(spell(a), spell(instead))
		if upper := strings.ToUpper(spell(a)); len(spell(a)) > 6 && upper != spell(a) {
			s.add(upper, strings.ToUpper(spell(instead)))
		}
	}
}

// hide puts what stands for secrets in their place.
func (r *recorder) hide(b []byte) []byte {
	for _, s := range r.secrets {
		b = bytes.ReplaceAll(b, s.own, s.instead)
	}
	return b
}
