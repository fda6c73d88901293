// Package bootclock tells how long each stage of a machine's boot took, from
// its firmware to the call home of what was installed, by the rows of its
// journal.
//
// It is pure: rows and the time come in as arguments, so that a boot of last
// week has the clock of today. It promises nothing of a stage whose first event
// was not seen: that one is left out. It imports the words only; the desk, which
// knows what is usual, and the pages import it.
package bootclock

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"firstlight/server/journal"
)

// Stage is a part of a boot, from its first event to that of the next stage.
type Stage struct {
	Name string
	Took time.Duration
	Open bool // it goes on
	// Tries is how often the machine asked, where more than once: DHCP alone.
	Tries int
	// Usual is the median of its kind of machine; 0: not known.
	Usual time.Duration
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
	{"DHCP", asks},
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

// asks tells whether the machine asked DHCP. What others answer it is no word of
// its own.
func asks(e journal.Event) bool { return e.Source == journal.DHCP && e.Outcome() != journal.Rogue }

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

// Of gives the stages of the last boot, from a machine's events in any order. A
// boot that installs goes on through the restart into the new system. moving
// tells that the last stage may go on; else it is none, for the machine waits.
func Of(events []journal.Event, now time.Time, moving bool) []Stage {
	var b bootClock
	for _, e := range InOrder(events) {
		b.see(e)
	}
	return b.stages(now, moving)
}

// InOrder is events by when they began, oldest first. The journal has them in
// the order of when they were written, and rows of exchanges and transfers are
// written at their end.
func InOrder(events []journal.Event) []journal.Event {
	sorted := slices.Clone(events)
	slices.SortFunc(sorted, func(a, b journal.Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	return sorted
}

// bootClock follows the events of a boot in their order.
type bootClock struct {
	starts  [10]time.Time // by place in marks
	at      int           // the latest stage that began, plus one; 0: none
	ordered time.Time     // when a job came to the agent that waited
	dhcp    time.Time     // where the current run of DHCP packets began
	dhcpRun bool
	tries   int // of the firmware to get an address, in this boot
	running int // the same, in the current run of DHCP packets
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
		*b = bootClock{dhcp: b.dhcp, dhcpRun: b.dhcpRun, running: b.running}
		if place == markLoader { // its DHCP came before we knew
			b.begin(markDHCP, b.dhcp)
			b.tries = b.running
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
	isDHCP := asks(e)
	if isDHCP && !b.dhcpRun {
		b.dhcp, b.running = e.At, 0
	}
	if b.dhcpRun = isDHCP; isDHCP {
		b.running += max(e.Count, 1)
		if b.at <= markLoader { // what iPXE and the agent ask later is no try of the firmware
			b.tries += max(e.Count, 1)
		}
	}
}

func (b *bootClock) begin(place int, at time.Time) {
	if at.IsZero() || !b.starts[place].IsZero() {
		return
	}
	b.starts[place] = at
	b.at = place + 1
}

func (b *bootClock) stages(now time.Time, moving bool) []Stage {
	var all []Stage
	for place, start := range b.starts {
		if start.IsZero() || place == markUp {
			continue
		}
		if place == markAgent && b.ordered.After(start) {
			start = b.ordered // before it the machine waited, which is no part of the boot
		}
		s := Stage{Name: marks[place].name}
		if place == markDHCP && b.tries > 1 {
			s.Tries = b.tries
		}
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
