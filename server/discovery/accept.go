package discovery

import (
	"fmt"
	"slices"
	"strings"

	"firstlight/server/machine"
)

// Verdict is what is to become of a machine that reported.
type Verdict struct {
	Accept   bool
	Rule     *machine.Rule // that accepted it
	Reason   string        // one word, where it is held
	Sentence string        // the same for a person
	Evidence machine.Evidence
}

// Reasons for holding a machine.
const (
	ReasonSerial = "bad-serial"
	ReasonClash  = "identity-clash"
	ReasonDisks  = "disk-not-empty"
	ReasonNoRule = "no-rule"
	ReasonRule   = "held-by-rule"
	ReasonFull   = "rule-full"
	ReasonNoDisk = "no-disk"
)

// Judge holds a machine against everything that must be true before it becomes
// available. accepted tells how many machines each rule accepted already.
// released is the set of disks, by serial, that a person gave free by name.
func Judge(m *machine.Machine, subnet string, rules []*machine.Rule, accepted func(rule string) int, released map[string]bool) Verdict {
	if machine.PlaceholderSerial(m.Serial) {
		return hold(ReasonSerial, "its serial number %q is a placeholder: two machines could have it; set the real one", m.Serial)
	}
	rule, ok := match(m, subnet, rules, accepted)
	if !ok.Accept {
		return ok
	}
	if v, clean := disks(m, rule, released); !clean {
		return v
	}
	return Verdict{Accept: true, Rule: rule, Evidence: machine.Evidence{
		machine.GuardIdentity:   "serial " + m.Serial,
		machine.GuardRealSerial: m.Serial,
		machine.GuardRule:       "rule " + rule.Name,
		machine.GuardEmptyDisks: emptiness(m, released),
	}}
}

// match finds the first rule that matches and has room.
func match(m *machine.Machine, subnet string, rules []*machine.Rule, accepted func(string) int) (*machine.Rule, Verdict) {
	full := ""
	for _, r := range rules {
		sel, err := machine.ParseSelector(r.Match)
		switch {
		case err != nil: // it may have been meant to hold this one
			return nil, hold(ReasonRule, "rule %s cannot be read: %v", r.Name, err)
		case !sel.MatchWith(m, map[string]string{"subnet": subnet}):
		case !r.Accept:
			return nil, hold(ReasonRule, "rule %s holds such machines", r.Name)
		case r.Limit > 0 && accepted(r.Name) >= r.Limit: // counting goes over all machines
			full = r.Name
		default:
			return r, Verdict{Accept: true}
		}
	}
	if full != "" {
		return nil, hold(ReasonFull, "rule %s matches, but has accepted its limit of machines", full)
	}
	return nil, hold(ReasonNoRule, "no rule accepts it: serial %s, %s %s on subnet %s", m.Serial, m.Vendor, m.Product, subnet)
}

// disks tells whether nothing that may be somebody's data is on any disk.
func disks(m *machine.Machine, rule *machine.Rule, released map[string]bool) (Verdict, bool) {
	if m.Owned {
		return hold(ReasonDisks, "it had an owner and its disks are not proven erased"), false
	}
	if slices.Contains(m.Facts.Missing, "disks") {
		return hold(ReasonDisks, "its disks could not be read, so that nobody knows what is on them"), false
	}
	for _, d := range m.Facts.Disks {
		switch {
		case len(d.Contents) == 0:
		case d.Serial == "":
			return hold(ReasonDisks, "%s, and no serial number to release it by: empty or remove it", Describe(d)), false
		case !released[d.Serial]:
			return hold(ReasonDisks, "%s; release it by name", Describe(d)), false
		}
	}
	if rule.Image != "" && len(m.Facts.Disks) == 0 {
		return hold(ReasonNoDisk, "rule %s installs %s, but the machine shows no disk", rule.Name, rule.Image), false
	}
	return Verdict{}, true
}

func emptiness(m *machine.Machine, released map[string]bool) string {
	var parts []string
	for _, d := range m.Facts.Disks {
		if len(d.Contents) > 0 && released[d.Serial] {
			parts = append(parts, "disk "+d.Serial+" released by name")
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	return fmt.Sprintf("never owned, %d disks read and empty", len(m.Facts.Disks))
}

// Describe says in one clause what is on a disk: "nvme0n1 has an ext4 file
// system 'pgdata', 412 GB used". The most telling content comes first.
func Describe(d machine.Disk) string {
	if len(d.Contents) == 0 {
		return d.Name + " is empty"
	}
	best := d.Contents[0]
	for _, c := range d.Contents {
		if weight(c) > weight(best) {
			best = c
		}
	}
	text := fmt.Sprintf("%s has %s", d.Name, noun(best))
	if best.Label != "" {
		text += " '" + best.Label + "'"
	}
	if best.Used > 0 {
		text += ", " + Bytes(best.Used) + " used"
	}
	if more := len(d.Contents) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func weight(c machine.Content) int {
	order := []string{"data", "partition-table", "swap", "unreadable", "crypt", "lvm", "raid", "filesystem"}
	for i, k := range order {
		if c.Kind == k {
			return i
		}
	}
	return 0
}

func noun(c machine.Content) string {
	switch c.Kind {
	case "filesystem":
		return article(c.Type) + " file system"
	case "partition-table":
		return article(c.Type) + " partition table"
	case "raid":
		return article(c.Type) + " RAID member"
	case "lvm":
		return "an LVM volume"
	case "crypt":
		return article(c.Type) + " encrypted volume"
	case "swap":
		return "swap space"
	case "unreadable":
		return "places that cannot be read"
	default:
		return "data of an unknown kind"
	}
}

// article puts "a" or "an" before a type as it is spoken: an ext4, an NTFS, a GPT.
func article(kind string) string {
	switch {
	case kind == "":
		return "a"
	case strings.ContainsRune("aeioux", rune(kind[0])), strings.HasPrefix(kind, "ntfs"), strings.HasPrefix(kind, "mbr"), strings.HasPrefix(kind, "mdraid"):
		return "an " + kind
	default:
		return "a " + kind
	}
}

// Bytes spells a size as people read it, in decimal units.
func Bytes(n uint64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n), -1
	for f >= unit-0.5 && i < 5 { // 999.7 would be written as 1000
		f /= unit
		i++
	}
	if f >= 100 {
		return fmt.Sprintf("%.0f %cB", f, "kMGTPE"[i])
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGTPE"[i])
}

func hold(reason, sentence string, args ...any) Verdict {
	return Verdict{Reason: reason, Sentence: fmt.Sprintf(sentence, args...)}
}

// InstallDisk chooses the disk to install to: the smallest that the image
// fits on and that has a serial of its own to name it by; solid state before
// rotating.
func InstallDisk(f *machine.Facts, need int64) (machine.Disk, error) {
	times := map[string]int{}
	for _, d := range f.Disks {
		times[d.Serial]++
	}
	var best *machine.Disk
	for i := range f.Disks {
		d := &f.Disks[i]
		if d.Serial == "" || times[d.Serial] > 1 || d.Bytes < uint64(need) {
			continue
		}
		if best == nil || better(d, best) {
			best = d
		}
	}
	if best == nil {
		return machine.Disk{}, fmt.Errorf("no disk with a serial number holds %s: add one, or choose a smaller image", Bytes(uint64(need)))
	}
	return *best, nil
}

func better(a, b *machine.Disk) bool {
	if a.Rotational != b.Rotational {
		return b.Rotational
	}
	if a.Bytes != b.Bytes {
		return a.Bytes < b.Bytes
	}
	return a.Serial < b.Serial
}
