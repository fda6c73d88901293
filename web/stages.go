package web

import (
	"slices"
	"strings"
	"time"

	"firstlight/server/journal"
)

// stage is a part of a boot, from its first event to that of the next stage.
type stage struct {
	Name string
	Took time.Duration
	Open bool // it goes on
}

// stageMark recognises the first event of a stage.
type stageMark struct {
	name string
	is   func(journal.Event) bool
}

// marks is the order of a boot. Firmware runs from the power command to the
// first packet; a stage whose mark is not seen is left out.
var marks = []stageMark{
	{"firmware", powered},
	{"DHCP", from(journal.DHCP)},
	{"loader", file(".efi", ".kpxe", ".pxe", "loader")},
	{"script", func(e journal.Event) bool { return e.Source == journal.Boot || file("script", ".ipxe")(e) }},
	{"kernel", file("vmlinuz", "kernel", "linux")},
	{"agent image", file("initrd", "initramfs", "agent.img", "agent-")},
	{"agent", from(journal.Agent)},
	{"image", func(e journal.Event) bool {
		return e.Source == journal.Agent && says(e, "redeemed", "writes the image")
	}},
	{"first boot", func(e journal.Event) bool { return e.Source == journal.Status && says(e, "→ configuring") }},
	{"up", from(journal.System)},
}

// Places in marks that stages treats apart.
const (
	markFirmware, markDHCP, markLoader = 0, 1, 2
	markAgent, markFirstBoot, markUp   = 6, 8, 9
)

func from(s journal.Source) func(journal.Event) bool {
	return func(e journal.Event) bool { return e.Source == s }
}

func says(e journal.Event, words ...string) bool {
	text := strings.ToLower(e.Text)
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

func file(words ...string) func(journal.Event) bool {
	return func(e journal.Event) bool { return e.Source == journal.Files && says(e, words...) }
}

func powered(e journal.Event) bool { return e.Source == journal.BMC && says(e, "power", "reset") }

// stages gives the last boot's, from a machine's events, newest first. A boot
// that installs goes on through the restart into the new system.
func stages(newestFirst []journal.Event, now time.Time, moving bool) []stage {
	var b bootClock
	for _, e := range slices.Backward(byTime(newestFirst)) {
		b.see(e)
	}
	return b.stages(now, moving)
}

// bootClock follows the events of a boot in their order.
type bootClock struct {
	starts  [10]time.Time // by place in marks
	at      int           // the latest stage that began, plus one; 0: none
	ordered time.Time     // when a job came to the agent that waited
	dhcp    time.Time     // where the current run of DHCP packets began
	dhcpRun bool
}

func (b *bootClock) see(e journal.Event) {
	b.noteDHCP(e)
	if e.Source == journal.Job && b.at-1 == markAgent && b.ordered.IsZero() {
		b.ordered = e.At
	}
	place := b.place(e)
	switch {
	case place < 0:
		return
	case b.restarts(place):
		*b = bootClock{dhcp: b.dhcp, dhcpRun: b.dhcpRun}
		if place == markLoader { // its DHCP came before we knew
			b.begin(markDHCP, b.dhcp)
		}
	case place < b.at: // iPXE and the agent ask DHCP again
		return
	}
	b.begin(place, e.At)
}

// place is the furthest stage that the event may begin.
func (b *bootClock) place(e journal.Event) int {
	for i, mark := range slices.Backward(marks) {
		if mark.is(e) && (i <= markAgent || b.at > markAgent) {
			return i
		}
	}
	return -1
}

// restarts tells a new boot from the restart into the installed system.
func (b *bootClock) restarts(place int) bool {
	firstBoot := b.at-1 == markFirstBoot
	switch place {
	case markFirmware:
		return b.at > markFirmware && !firstBoot
	case markDHCP:
		return b.at-1 == markUp
	case markLoader:
		return b.at-1 > markLoader && !firstBoot
	default:
		return false
	}
}

func (b *bootClock) noteDHCP(e journal.Event) {
	isDHCP := e.Source == journal.DHCP
	if isDHCP && !b.dhcpRun {
		b.dhcp = e.At
	}
	b.dhcpRun = isDHCP
}

func (b *bootClock) begin(place int, at time.Time) {
	if at.IsZero() || !b.starts[place].IsZero() {
		return
	}
	b.starts[place] = at
	b.at = place + 1
}

func (b *bootClock) stages(now time.Time, moving bool) []stage {
	var all []stage
	for place, start := range b.starts {
		if start.IsZero() || place == markUp {
			continue
		}
		if place == markAgent && b.ordered.After(start) {
			start = b.ordered // before it the machine waited, which is no part of the boot
		}
		s := stage{Name: marks[place].name}
		if end := b.next(place); !end.IsZero() {
			s.Took = end.Sub(start)
		} else if moving {
			s.Took, s.Open = max(now.Sub(start), 0), true
		} else {
			continue // it waits
		}
		all = append(all, s)
	}
	return all
}

func (b *bootClock) next(place int) time.Time {
	for _, t := range b.starts[place+1:] {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
