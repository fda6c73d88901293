// Package bootpath tells of each boot of a machine what was expected of it, and
// by which order, beside what was seen: whether it booted the right thing.
//
// It is pure: rows of the journal and the time come in as arguments, so that the
// journal is the record of each boot. It promises to call no boot wrong of which
// nothing was expected, and none that may still go on. It imports the words and
// bootclock, which knows the order of rows; the desk, the API and the pages
// import it.
package bootpath

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"firstlight/server/bootclock"
	"firstlight/server/journal"
)

// Verdict is what became of a boot.
type Verdict string

// Verdicts.
const (
	Right   Verdict = "right"
	Wrong   Verdict = "wrong"
	Open    Verdict = "under way"
	Unknown Verdict = "not known" // nothing was expected of it
)

// Path is one boot.
type Path struct {
	At time.Time // of the power command or of the first packet
	// Expected is what it should boot, in order: "network", and then what it is
	// told there, "agent" or "disk". Empty: nobody can know.
	Expected []string
	By       string // which order says so; of what it is told, its script
	Steps    []Step // what was seen, in order
	Verdict  Verdict
	Why      string // one sentence
}

// Step is a thing that was seen of a boot.
type Step struct {
	At   time.Time
	Name string // "DHCP", "loader", "loader's DHCP", "script", "kernel", "agent", "system"
	What string // file, target or outcome; may be empty
}

// most is how many boots are told of.
const most = 10

// Times that tell boots apart and judge them.
const (
	onceFor = 10 * time.Minute // a BMC forgets a one-time boot at the next power-on, which follows within minutes
	apart   = 10 * time.Minute // a firmware that asks is silent between two boots
	silent  = 6 * time.Minute  // a large server tests its memory before its first packet
	stops   = 5 * time.Minute  // between two steps
	returns = 3 * time.Minute  // from the order to boot the disk to the network again
)

// Of gives the last boots of a machine, newest first, by its events in any
// order. order is the firmware's boot order as its agent read it last; empty:
// not known.
func Of(events []journal.Event, order string, now time.Time) []Path {
	f := follower{order: order}
	for _, e := range bootclock.InOrder(events) {
		f.see(&e)
	}
	var paths []Path
	for i := len(f.boots) - 1; i >= 0 && len(paths) < most; i-- {
		var next *boot
		if i+1 < len(f.boots) {
			next = f.boots[i+1]
		}
		paths = append(paths, f.boots[i].judge(next, now))
	}
	return paths
}

// boot is a Path on its way.
type boot struct {
	Path
	powered bool
	// cameBack: it was sent to its own disk just before. Once may be a first boot,
	// which restarts by itself.
	cameBack bool
	last     time.Time // of the last step
	target   string
	seen     map[string]bool // names of steps
}

func (b *boot) network() bool { return b.seen[stepDHCP] || b.seen[stepLoader] || b.seen[stepScript] }

func (b *boot) add(at time.Time, name, what string) {
	b.last = at
	if n := len(b.Steps); n > 0 && b.Steps[n-1].Name == name {
		b.Steps[n-1].What = what
		return
	}
	b.seen[name] = true
	b.Steps = append(b.Steps, Step{at, name, what})
}

// judge closes a boot; next is the one after it, nil: none.
func (b *boot) judge(next *boot, now time.Time) Path {
	p := b.Path
	if b.target != "" {
		p.Expected, p.By = append(slices.Clone(p.Expected), b.target), cmp.Or(p.By, "its script")
	}
	over := func(d time.Duration) bool { return next != nil || now.Sub(b.last) >= d }
	switch {
	case !b.network():
		p.Verdict, p.Why = b.apart(len(p.Expected) > 0, over(silent))
	case b.target == "disk":
		p.Verdict, p.Why = b.toDisk(next)
	case b.target == "agent":
		p.Verdict, p.Why = b.toAgent(over(stops))
	case b.target != "":
		p.Verdict, p.Why = Right, "It was told to "+b.target+"."
	case over(stops):
		p.Verdict, p.Why = Wrong, fmt.Sprintf("It came as far as %s and no further.", b.Steps[len(b.Steps)-1].Name)
	default:
		p.Verdict = Open
	}
	return p
}

// apart is a boot that asked nothing of the network.
func (b *boot) apart(expected, over bool) (Verdict, string) {
	switch system := b.seen[stepSystem]; {
	case b.seen[stepAgent]: // how it came there was not seen
		return Right, "The agent runs."
	case system && expected:
		return Wrong, "It did not ask the network: its own disk booted."
	case system:
		return Unknown, "Its own disk booted."
	case !over:
		return Open, ""
	case expected:
		return Wrong, "Nothing was heard of it."
	default:
		return Unknown, "Nothing was heard of it."
	}
}

func (b *boot) toDisk(next *boot) (Verdict, string) {
	switch {
	case b.seen[stepSystem]:
		return Right, "Its own disk booted."
	case next != nil && next.network() && !next.powered && next.At.Sub(b.last) < returns && b.cameBack:
		return Wrong, "It was sent to its own disk and came back to the network, as before."
	default:
		return Right, "It was sent to its own disk."
	}
}

func (b *boot) toAgent(over bool) (Verdict, string) {
	switch {
	case b.seen[stepAgent]:
		return Right, "The agent runs."
	case b.seen[stepSystem]:
		return Wrong, "It was given the agent, and its own disk booted."
	case over:
		return Wrong, "It was given the agent, which never spoke."
	default:
		return Open, ""
	}
}
