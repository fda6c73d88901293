package discovery

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/server/machine"
)

// Verdict is what is to become of a machine that reported.
type Verdict struct {
	Accept   bool
	Rule     *machine.Rule // that accepted it
	Reason   string        // one word, where it is held
	Sentence string        // the same for a person
	Evidence machine.Evidence
	// Check is how long the hardware is to be checked, where nothing else is wrong.
	Check time.Duration
	// Waived says, by guard, what a person lets pass all the same.
	Waived machine.Evidence
}

// Reasons for holding a machine.
const (
	ReasonSerial  = "bad-serial"
	ReasonClash   = "identity-clash"
	ReasonDisks   = "disk-not-empty"
	ReasonNoRule  = "no-rule"
	ReasonRule    = "held-by-rule"
	ReasonFull    = "rule-full"
	ReasonNoDisk  = "no-disk"
	ReasonImage   = "wrong-image"
	ReasonSpec    = "spec-mismatch"
	ReasonNoPlace = "location-unknown"
	ReasonPlace   = "location-mismatch"
	ReasonFailing = "disk-failing"
	// The hardware failed its check; or is not checked for as long as the rule asks.
	ReasonCheck     = "check-failed"
	ReasonUnchecked = "not-checked"
)

// Waivable tells whether an admin may waive what holds a machine for a reason.
func Waivable(reason string) bool {
	switch reason {
	case ReasonNoRule, ReasonRule, ReasonFull, ReasonImage, ReasonSpec, ReasonNoPlace, ReasonPlace, ReasonFailing, ReasonCheck, ReasonUnchecked:
		return true
	default:
		return false
	}
}

// Known is what a machine is held against.
type Known struct {
	Subnet string // in which it reported
	Rules  []*machine.Rule
	Images []*machine.Image // of the catalogue
	// Accepted tells how many machines a rule accepted already.
	Accepted func(rule string) int
	// Released is the set of disks, by serial, that a person gave free by name.
	Released map[string]bool
	Plan     Plan
}

// Plan is what people declared, as far as machines are held against it.
type Plan interface {
	// HardwareType gives one by name; nil: there is none.
	HardwareType(name string) *machine.HardwareType
	// Rack gives one by name; nil: there is none.
	Rack(name string) *machine.Rack
	// Racked tells whether a site has racks.
	Racked(site string) bool
}

// Judge holds a machine against everything that must be true before it becomes
// available: the first that is not holds it.
func Judge(m *machine.Machine, k Known) Verdict {
	rule, ev, bad := look(m, k)
	if len(bad) > 0 {
		return bad[0].verdict
	}
	return Verdict{Accept: true, Rule: rule, Evidence: ev}
}

// Waive is Judge where a person lets pass what machine.Guard.Waivable allows:
// what is wrong then stands in Waived. A rule whose machine is let pass goes on
// with it as with any other; one that does not match has no say.
func Waive(m *machine.Machine, k Known) Verdict {
	rule, ev, bad := look(m, k)
	waived := machine.Evidence{}
	for _, f := range bad {
		if !f.guard.Waivable() {
			return f.verdict
		}
		waived[f.guard] = f.verdict.Sentence
	}
	return Verdict{Accept: true, Rule: rule, Evidence: ev, Waived: waived}
}

// failure is a guard without evidence, and what holds the machine therefore.
type failure struct {
	guard   machine.Guard
	verdict Verdict
}

// look gathers the rule that takes a machine (nil: none), the evidence of all
// guards, and what is wrong in the order in which people are told.
func look(m *machine.Machine, k Known) (*machine.Rule, machine.Evidence, []failure) {
	ev := machine.Evidence{machine.GuardIdentity: "serial " + m.Serial}
	var bad []failure
	take := func(g machine.Guard, how string, v Verdict) {
		if v.Reason != "" {
			bad = append(bad, failure{g, v})
			return
		}
		ev[g] = how
	}
	take(machine.GuardRealSerial, m.Serial, serial(m))
	rule, v := match(m, k)
	how := ""
	if rule != nil {
		how, m = "rule "+rule.Name, m.Clone()
		rule.Take(m)
	}
	take(machine.GuardRule, how, v)
	take(machine.GuardEmptyDisks, emptiness(m, k.Released), disks(m, rule, k.Released))
	how, v = spec(m, k.Plan)
	take(machine.GuardSpec, how, v)
	how, v = location(m, rule, k.Plan)
	take(machine.GuardLocation, how, v)
	how, v = health(m.Facts)
	take(machine.GuardHealth, how, v)
	how, v = burnIn(m, rule)
	take(machine.GuardBurnIn, how, v)
	return rule, ev, bad
}

func serial(m *machine.Machine) Verdict {
	if !machine.PlaceholderSerial(m.Serial) {
		return Verdict{}
	}
	return hold(ReasonSerial, "its serial number %q is a placeholder: two machines could have it; set the real one", m.Serial)
}

// Opinion is what one rule says of a machine.
type Opinion struct {
	Rule    *machine.Rule
	Matches bool
	// Decides tells that the machine's fate is this rule's: no rule before it
	// matches and has room.
	Decides bool
	Why     string // the first term that does not match, or what the rule does
}

// Trial is what the rules would say of a machine if it were judged now.
type Trial struct {
	Machine  *machine.Machine
	Subnet   string
	Opinions []Opinion // of all rules, in their order
	Verdict  Verdict
}

// Try holds a machine against the rules and says what each of them does.
func Try(m *machine.Machine, k Known) *Trial {
	return &Trial{m, k.Subnet, opinions(m, k), Judge(m, k)}
}

// opinions are those of all rules in their order: which one a machine would get,
// and why not the others. They come from what match comes from.
func opinions(m *machine.Machine, k Known) []Opinion {
	all := make([]Opinion, 0, len(k.Rules))
	decided := false
	for i, r := range k.Rules {
		one := k
		one.Rules = k.Rules[i : i+1]
		o := Opinion{Rule: r}
		taken, v := match(m, one)
		switch {
		case taken != nil:
			o.Matches, o.Why = true, "accepts such machines"
		case v.Reason == ReasonNoRule:
			if sel, err := machine.ParseSelector(r.Match); err == nil {
				o.Why = sel.Miss(m, map[string]string{"subnet": k.Subnet})
			}
		default:
			o.Matches, o.Why = true, v.Sentence
		}
		if o.Decides = o.Matches && v.Reason != ReasonFull && !decided; o.Decides {
			decided = true
		}
		all = append(all, o)
	}
	return all
}

// match finds the first rule that matches and has room.
func match(m *machine.Machine, k Known) (*machine.Rule, Verdict) {
	full := ""
	for _, r := range k.Rules {
		sel, err := machine.ParseSelector(r.Match)
		switch {
		case err != nil: // it may have been meant to hold this one
			return nil, hold(ReasonRule, "rule %s cannot be read: %v", r.Name, err)
		case !sel.MatchWith(m, map[string]string{"subnet": k.Subnet}):
		case !r.Accept:
			return nil, hold(ReasonRule, "rule %s holds such machines", r.Name)
		case r.Limit > 0 && k.Accepted(r.Name) >= r.Limit: // counting goes over all machines
			full = r.Name
		case k.unfit(r, m) != "":
			return nil, hold(ReasonImage, "rule %s does not suit it: %s; have the rule match arch too, or name another image", r.Name, k.unfit(r, m))
		default:
			return r, Verdict{}
		}
	}
	if full != "" {
		return nil, hold(ReasonFull, "rule %s matches, but has accepted its limit of machines", full)
	}
	return nil, hold(ReasonNoRule, "no rule accepts it: serial %s, %s %s on subnet %s", m.Serial, m.Vendor, m.Product, k.Subnet)
}

// unfit says why a machine cannot run what a rule installs; "" when it can.
func (k Known) unfit(r *machine.Rule, m *machine.Machine) string {
	for _, i := range k.Images {
		if i.Name == r.Image {
			return i.Unfit(m.Facts)
		}
	}
	return ""
}

// disks holds a machine that may have somebody's data on any disk, or none to
// install to.
func disks(m *machine.Machine, rule *machine.Rule, released map[string]bool) Verdict {
	if m.Flags.Fenced {
		return hold(ReasonDisks, "its erase failed and it is fenced: %s", m.Flags.FenceNote)
	}
	if m.Owned {
		return hold(ReasonDisks, "it had an owner and its disks are not proven erased")
	}
	if slices.Contains(m.Facts.Missing, "disks") {
		return hold(ReasonDisks, "its disks could not be read, so that nobody knows what is on them")
	}
	for _, d := range m.Facts.Disks {
		switch {
		case len(d.Contents) == 0:
		case d.Serial == "":
			return hold(ReasonDisks, "%s, and no serial number to release it by: empty or remove it", Describe(d))
		case !released[d.Serial]:
			return hold(ReasonDisks, "%s; release it by name", Describe(d))
		}
	}
	if rule != nil && rule.Image != "" && len(m.Facts.Disks) == 0 {
		return hold(ReasonNoDisk, "rule %s installs %s, but the machine shows no disk", rule.Name, rule.Image)
	}
	return Verdict{}
}

// health holds a machine with a disk that is failing. One that does not tell, as
// those behind a RAID controller, holds nothing up.
func health(f *machine.Facts) (how string, v Verdict) {
	failing := f.Failing()
	if len(failing) == 0 {
		return fmt.Sprintf("%d of %d disks say how they are, and none is failing", f.HealthKnown(), len(f.Disks)), v
	}
	says := make([]string, 0, len(failing))
	for _, d := range failing {
		says = append(says, d.Sentence())
	}
	return "", hold(ReasonFailing, "%s; replace it and check again, or let an admin waive it", strings.Join(says, "; "))
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
	return NeverOwned(m.Facts)
}

// NeverOwned is the evidence of disks that the agent read and found empty, of a
// machine that nobody had.
func NeverOwned(f *machine.Facts) string {
	return fmt.Sprintf("never owned, %d of %[1]d disks read and empty", len(f.Disks))
}

// Describe says in one clause what is on a disk: "nvme0n1 has an ext4 file
// system 'pgdata', 412 GB used and 2 more, with Debian's boot loader". The most
// telling content comes first.
func Describe(d machine.Disk) string {
	if len(d.Contents) == 0 {
		return d.Name + " is empty"
	}
	best, loaders := d.Contents[0], []string(nil)
	for _, c := range d.Contents {
		if c.Kind == "loader" {
			loaders = append(loaders, c.Label)
		}
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
	if more := len(d.Contents) - len(loaders) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if len(loaders) > 0 {
		text += ", with " + names(loaders, " and ")
	}
	return text
}

// weight ranks FAT low: each disk of UEFI has one, beside what it is for.
func weight(c machine.Content) int {
	order := []string{"data", "partition-table", "swap", "unreadable", "vfat", "crypt", "lvm", "raid", "filesystem"}
	for i, k := range order {
		if c.Kind == k && c.Type != "vfat" || c.Type == k {
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
