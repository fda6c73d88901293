// Package diagnosis says why a machine does not boot: rules over the rows of
// its journal, each with its evidence and the next thing to do.
//
// It is pure: rows, record and time come in as arguments, so that a failure of
// last week is explained by the rules of today. It promises to be silent about
// a boot that goes on, or that came through: a rule fires only where the boot
// stopped, after a time in which healthy machines have gone on. Before that, and
// after a time that is long for its kind of machine, it says so as a suspicion,
// which opens no issue. It imports the words only; the task that keeps the list of issues, the desk and the pages
// import it.
package diagnosis

import (
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Fault names what is wrong, in one word.
type Fault string

// Stage is where the boot stopped.
type Stage string

// Stages. Passed is that of faults which stop no boot.
const (
	StagePower   Stage = "power"   // it was switched on, and nothing was heard of it
	StageAddress Stage = "address" // it asks and gets no address of ours
	StageLoader  Stage = "loader"  // it does not get a boot loader that works
	StageScript  Stage = "script"  // its loader does not get as far as its script
	StageKernel  Stage = "kernel"  // its script was not followed
	StageAgent   Stage = "agent"   // the agent was given and does not speak
	StageImage   Stage = "image"   // what was to be written is not what was meant
	StageDisk    Stage = "disk"    // it boots something else than it should
	StageClock   Stage = "clock"
	Passed       Stage = ""
)

// Diagnosis is what a rule says.
type Diagnosis struct {
	Fault    Fault
	Stage    Stage
	Sentence string
	Action   string // what to do next
	Evidence []Evidence
	Since    time.Time // of the first evidence
	// Suspected says that a slow machine would look the same: it is waited for
	// longer than is usual, and not yet for as long as the slowest take.
	Suspected bool
}

// Evidence is a row that a diagnosis rests on.
type Evidence struct {
	At   time.Time
	Text string
}

// Input is what is known of a machine, or of a MAC that no machine has.
type Input struct {
	Now    time.Time
	Events []journal.Event // of it, in any order
	// Machine is its record; nil: nobody knows it.
	Machine *machine.Machine
	// Servers are other DHCP servers that were seen to answer on its network, with
	// when.
	Servers map[string]time.Time
	// Usual gives how long a stage of package bootclock usually takes its kind of
	// machine, 0 where it is not known; nil: it never is.
	Usual func(stage string) time.Duration
}

// Memory is how far back rows say something of what is wrong now.
const Memory = 24 * time.Hour

// Of gives what is wrong, the one that stops the boot first. Nothing is wrong
// with most.
func Of(in *Input) []Diagnosis {
	b := follow(in)
	var all []Diagnosis
	if d := b.stopped(); d != nil {
		all = append(all, *d)
	}
	for _, rule := range passing {
		if d := rule(b); d != nil {
			all = append(all, *d)
		}
	}
	return all
}

// stopped is what stops the boot, of which the rest follows: the first that is
// certain, else the first that is suspected.
func (b *bootOf) stopped() (suspected *Diagnosis) {
	for _, rule := range stopping {
		d := rule(b)
		if d != nil && !d.Suspected {
			return d
		}
		if suspected == nil {
			suspected = d
		}
	}
	return suspected
}
