package issue

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Times after which a person is reminded.
const (
	repairAfter = 3 * 24 * time.Hour
	imageAfter  = 90 * 24 * time.Hour // in which whoever wants the new image installs it
	nameSettles = time.Minute         // a name is published within seconds
	seenAfter   = time.Minute         // the last words of a machine that is retired
)

func held(in *Input) *Finding {
	m := in.Machine
	if m.Status != machine.Held || m.Reason == string(BadSerial) || m.Reason == string(CheckFailed) { // which has a kind of its own
		return nil
	}
	return found(cmp.Or(m.Sentence, "It is held, and nobody said why."), "reason", m.Reason, "since", clock(m.Since))
}

// checkFailed has a sentence for each part that is bad.
func checkFailed(in *Input) *Finding {
	m, c := in.Machine, in.Machine.Checked
	if c == nil || c.OK || !in.is(machine.Held, machine.Repairing) || m.Status == machine.Held && m.Reason != string(CheckFailed) {
		return nil
	}
	f := found(upper(c.Sentence)+".", "check", c.Job, "ended", clock(c.At))
	for i, says := range c.Bad {
		f.Evidence[fmt.Sprintf("part %d", i+1)] = says
	}
	return f
}

func broken(in *Input) *Finding {
	m := in.Machine
	if m.Status != machine.Broken || m.Flags.Fenced { // which has a kind of its own
		return nil
	}
	return found(cmp.Or(m.Sentence, "It is broken, and nobody said why."), "reason", m.Reason, "since", clock(m.Since))
}

func eraseFailed(in *Input) *Finding {
	m := in.Machine
	if !m.Flags.Fenced || in.is(machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Its erase failed: %s. Nobody gets it until it is erased again, or somebody takes the fence away.", cmp.Or(m.Flags.FenceNote, "nobody said why")),
		"status", m.Status.Human(), "since", clock(m.Since))
}

func badSerial(in *Input) *Finding {
	m := in.Machine
	if !machine.PlaceholderSerial(m.Serial) || in.is(machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Its serial number %q is a placeholder that other machines may show: set the real one.", m.Serial),
		"serial", m.Serial, "interface", m.BootMAC().String(), "UUID", m.UUID)
}

func serialChanged(in *Input) *Finding {
	m, seen := in.Machine, in.Facts.Serial
	if machine.PlaceholderSerial(m.Serial) || machine.PlaceholderSerial(seen) || m.Serial == seen || in.is(machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Its firmware shows the serial number %s; its record says %s.", seen, m.Serial), "discovered", seen, "record", m.Serial)
}

func identityClash(in *Input) *Finding {
	c := in.Clash
	if c.Sentence == "" || in.is(machine.Retired) {
		return nil
	}
	return found(c.Sentence, "this", in.Machine.Name, "other", c.Other, "seen by", c.How)
}

func specMismatch(in *Input) *Finding {
	all := slices.DeleteFunc(slices.Clone(in.Facts.Differences), func(d discovery.Difference) bool { return d.By == discovery.ByPlan })
	if len(all) == 0 || in.is(machine.Retired) {
		return nil
	}
	text := all[0].Sentence()
	if n := len(all) - 1; n > 0 {
		verb := "differ"
		if n == 1 {
			verb = "differs"
		}
		text += fmt.Sprintf(" %d more %s.", n, verb)
	}
	f := found(text)
	f.Evidence = map[string]string{}
	for _, d := range all {
		f.Evidence[d.Field] = fmt.Sprintf("%s, declared %s by %s", d.Discovered, d.Declared, d.By)
	}
	return f
}

// diskFailing tells whoever has the machine what to save first.
func diskFailing(in *Input) *Finding {
	all := in.Facts.Failing
	if len(all) == 0 || in.is(machine.Retired) {
		return nil
	}
	text := strings.ToUpper(all[0].Sentence()[:1]) + all[0].Sentence()[1:]
	if n := len(all) - 1; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	remedy := ". Replace it, then check the machine again."
	if in.Machine.Owned {
		remedy = ". Move what matters off it, then have it replaced."
	}
	f := found(text + remedy)
	f.Evidence = map[string]string{}
	for _, d := range all {
		f.Evidence[d.Disk] = d.Why
	}
	return f
}

func dnsMissing(in *Input) *Finding {
	m := in.Machine
	if in.DNS == "" || m.Hostname == "" || !in.past(m.Since, nameSettles) {
		return nil
	}
	return found(in.DNS, "host name", m.Hostname, "address", address(m))
}

func orphanName(in *Input) *Finding {
	m := in.Machine
	if m.Hostname == "" || m.Owned || !in.is(machine.Available, machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("It keeps the host name %s, but is %s.", m.Hostname, m.Status.Human()), "host name", m.Hostname, "status", m.Status.Human())
}

func imageOld(in *Input) *Finding {
	m := in.Machine
	if m.Status != machine.InUse || m.Image == "" || len(in.Others.Images) == 0 {
		return nil
	}
	now := in.Others.Images[m.Image]
	switch {
	case now == nil:
		return found(fmt.Sprintf("Its image %s is not in the catalogue any more.", m.Image), "installed", m.Image, "catalogue", "has none of this name")
	case !m.Observed.HomeAt.IsZero() && now.AddedAt.After(m.Observed.HomeAt) && in.past(now.AddedAt, imageAfter):
		return found(fmt.Sprintf("Its image %s was replaced at %s.", m.Image, clock(now.AddedAt)),
			"installed", m.Image+" before "+clock(m.Observed.HomeAt), "catalogue", m.Image+" of "+clock(now.AddedAt))
	default:
		return nil
	}
}

func repairReminder(in *Input) *Finding {
	m := in.Machine
	if m.Status != machine.Repairing || !in.past(m.Since, repairAfter) {
		return nil
	}
	return found(fmt.Sprintf("It is in repair since %s: is it done?", clock(m.Since)), "since", clock(m.Since), "what", m.Sentence)
}

func retiredSeen(in *Input) *Finding {
	m := in.Machine
	last := latest(in.heard(), m.Observed.BootAt, m.ReportedAt)
	if m.Status != machine.Retired || !last.After(m.Since.Add(seenAfter)) {
		return nil
	}
	return found(fmt.Sprintf("It is retired since %s, and boots or speaks still.", clock(m.Since)), "retired", clock(m.Since), "seen last", clock(last))
}

func frozen(in *Input) *Finding {
	m := in.Machine
	if !m.Flags.Frozen {
		return nil
	}
	return found(fmt.Sprintf("An older database was restored, which says that it is %s; it has not shown since that this is so.", m.Status.Human()), "record", m.Status.Human())
}

// span spells a time in whole units: 45 s, 12 min, 3 h.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
}
