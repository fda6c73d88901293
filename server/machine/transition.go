package machine

import (
	"fmt"
	"slices"
	"strings"
)

// Guard is a condition of a transition.
type Guard string

// Guards whose evidence must exist: without it the transition is refused.
const (
	GuardIdentity   Guard = "identity"       // the report belongs to this record and to no other
	GuardRealSerial Guard = "real-serial"    // the serial is not a placeholder
	GuardRule       Guard = "rule-matched"   // an acceptance rule of the operator says so
	GuardEmptyDisks Guard = "empty-disks"    // disks are empty, or proven erased since the last owner
	GuardUnlocked   Guard = "unlocked"       // automation is not forbidden
	GuardJob        Guard = "open-job"       // a job of the right action is open
	GuardToken      Guard = "token"          // the single-use token was redeemed
	GuardChecksum   Guard = "image-checksum" // the agent hashed what it wrote
	GuardHome       Guard = "called-home"    // the installed system spoke
	GuardDNS        Guard = "dns-visible"    // our DNS answers the name with the address
	GuardConfirmed  Guard = "confirmed"      // a person with the right to do so asked
	GuardNoJob      Guard = "no-open-job"    // nothing is running on it
	GuardAttempts   Guard = "attempts-left"  // the job may try again
	GuardUntouched  Guard = "disk-untouched" // no write has happened
	GuardNoOwner    Guard = "no-owner"       // nobody's data is on it
	GuardSpec       Guard = "spec-matches"   // it is what its hardware type says, if it has one
	GuardLocation   Guard = "location-known" // rack and unit are known, if its site has racks
	GuardHealth     Guard = "disks-healthy"  // no disk says that it is failing
	GuardHandling   Guard = "disks-decided"  // somebody said what becomes of its disks
	GuardFlagged    Guard = "retire-flag"    // it is flagged to retire when released
	GuardBurnIn     Guard = "burn-in"        // a check passed, where the rule asks for one
	GuardTests      Guard = "tests-passed"   // no check failed since it was given into repair, or one passed after
)

// Guards whose part of Firstlight does not exist yet. They are recorded in
// history as not checked, never as passed; none of them protects data.
const (
	GuardBMC    Guard = "bmc-answers"
	GuardPuppet Guard = "puppet"
	GuardDrain  Guard = "drained"
)

// Built tells whether the part of Firstlight that gathers evidence for g exists.
func (g Guard) Built() bool {
	switch g {
	case GuardBMC, GuardPuppet, GuardDrain:
		return false
	default:
		return true
	}
}

// Waivable tells whether a person may let a machine pass g without evidence. No
// guard is among them that protects data or tells machines apart.
func (g Guard) Waivable() bool {
	switch g {
	case GuardRule, GuardSpec, GuardLocation, GuardHealth, GuardBurnIn:
		return true
	default:
		return false
	}
}

// Transition is one legal change of status.
type Transition struct {
	From, To Status
	Trigger  string // what brings it about, for people
	Guards   []Guard
}

// Evidence is what the caller of a transition proves, by guard: a short text
// that says how ("rule lab-metal", "sha256 9f3c…").
type Evidence map[Guard]string

// transitions is the whole table; everything else is refused.
//
// Where a guard may seem to be missing, it is on purpose:
//   - A list makes no machine at a unit that is taken: the database refuses two
//     machines in one place, whatever the change.
//   - Registered, available: a rule of the operator must say so, too. No machine
//     is taken in unasked.
//   - Available, allocated: open issues do not keep a machine back. What may lose
//     data or give away what cannot work is a guard; a BMC that does not answer
//     is a person's to judge, and rules allocate before issues are looked for.
//   - Installing, reinstall: the token is checked where it is redeemed, on the
//     way to configuring. A job that only opens has not used it yet.
//   - Broken, in use: the owner's word is the waiver; nothing tests it.
//   - Broken, recycling: whether disks answer shows when they are erased. If they
//     do not, the machine is broken again.
//   - Repairing, registered: one that has an owner boots its owner's disk and cannot
//     be checked; that its disks are proven erased comes before any other use.
//   - Retiring, retired: that the BMC's log-in and all names are given up is done
//     with the change, not proven before it.
var transitions = []Transition{
	{Unknown, Expected, "manifest import", []Guard{GuardRealSerial}},
	{Unknown, Registered, "the agent reported", []Guard{GuardIdentity}},
	{Expected, Registered, "the agent reported", []Guard{GuardIdentity}},
	{Unknown, InUse, "adoption", []Guard{GuardIdentity, GuardRealSerial, GuardConfirmed}},
	{Expected, InUse, "adoption", []Guard{GuardIdentity, GuardRealSerial, GuardConfirmed}},
	{Expected, Retired, "the order was cancelled", []Guard{GuardConfirmed}},

	{Registered, Available, "all checks passed", []Guard{GuardIdentity, GuardRealSerial, GuardRule, GuardEmptyDisks, GuardSpec, GuardLocation, GuardHealth, GuardBMC, GuardBurnIn}},
	{Registered, Recycling, "data of a previous owner is not proven erased", []Guard{GuardIdentity, GuardConfirmed, GuardJob}},
	{Registered, Held, "a check failed or took too long", nil},

	{Held, Registered, "re-check", nil},
	{Held, Available, "an admin's waiver", []Guard{GuardIdentity, GuardRealSerial, GuardEmptyDisks, GuardConfirmed, GuardRule, GuardSpec, GuardLocation, GuardHealth, GuardBMC, GuardBurnIn}},
	{Held, Broken, "a person decided", []Guard{GuardConfirmed}},
	{Held, Retiring, "a person decided", []Guard{GuardConfirmed, GuardNoJob}},
	{Held, Recycling, "its disks are to be erased", []Guard{GuardConfirmed, GuardUnlocked, GuardJob}},

	{Available, Registered, "re-check, or the hardware changed", []Guard{GuardNoJob}},
	{Available, Allocated, "a request or a rule", []Guard{GuardUnlocked, GuardNoJob, GuardEmptyDisks}},
	{Available, Broken, "it failed when touched", nil},
	{Available, Retiring, "an admin", []Guard{GuardConfirmed, GuardNoJob}},
	{Available, Recycling, "its disks are to be erased", []Guard{GuardConfirmed, GuardUnlocked, GuardJob}},

	{Allocated, Available, "cancelled, or no install started in time", []Guard{GuardUntouched}},
	{Allocated, Installing, "the install job started", []Guard{GuardUnlocked, GuardJob, GuardDNS, GuardPuppet}},
	{Allocated, Broken, "it failed when touched", nil},

	{Installing, Installing, "the job tries again", []Guard{GuardJob, GuardAttempts}},
	{Installing, Configuring, "the installer is done", []Guard{GuardJob, GuardToken, GuardChecksum}},
	{Installing, Broken, "a step failed or took too long", nil},
	{Installing, Recycling, "cancelled after the disk was touched", []Guard{GuardConfirmed, GuardJob}},

	{Configuring, InUse, "the installed system came up", []Guard{GuardHome, GuardDNS, GuardPuppet}},
	{Configuring, Installing, "the job tries again", []Guard{GuardJob, GuardAttempts}},
	{Configuring, Recycling, "cancelled", []Guard{GuardConfirmed, GuardJob}},
	{Configuring, Broken, "it took too long", nil},

	{InUse, Installing, "reinstall asked by its owner", []Guard{GuardConfirmed, GuardUnlocked, GuardJob}},
	{InUse, Recycling, "released by its owner", []Guard{GuardConfirmed, GuardUnlocked, GuardJob, GuardDrain}},
	{InUse, Broken, "marked by its owner or a monitor", nil},

	{Recycling, Registered, "erase verified", []Guard{GuardEmptyDisks}},
	{Recycling, Recycling, "the job tries again", []Guard{GuardJob, GuardAttempts}},
	{Recycling, Broken, "erase failed or took too long", nil},
	{Recycling, Retiring, "flagged to retire when released", []Guard{GuardEmptyDisks, GuardFlagged}},

	{Broken, InUse, "its owner says it is fine", []Guard{GuardConfirmed}},
	{Broken, Registered, "cured remotely", []Guard{GuardNoOwner}},
	{Broken, Recycling, "released or to be wiped", []Guard{GuardConfirmed, GuardJob}},
	{Broken, Repairing, "a ticket was opened", []Guard{GuardConfirmed, GuardHandling}},
	{Broken, Retiring, "a person decided", []Guard{GuardConfirmed, GuardNoJob}},

	{Repairing, Registered, "repaired", []Guard{GuardTests}},
	{Repairing, Broken, "not fixed", nil},
	{Repairing, Retiring, "beyond repair", []Guard{GuardConfirmed}},

	{Retiring, Retired, "erase proven", []Guard{GuardEmptyDisks}},
	{Retiring, Broken, "erase failed or took too long", nil},
}

// Find gives the transition between two statuses.
func Find(from, to Status) (Transition, bool) {
	for _, t := range transitions {
		if t.From == from && t.To == to {
			return t, true
		}
	}
	return Transition{}, false
}

// Next lists the statuses that from may change to.
func Next(from Status) []Status {
	var next []Status
	for _, t := range transitions {
		if t.From == from && !slices.Contains(next, t.To) {
			next = append(next, t.To)
		}
	}
	return next
}

// IllegalError is a change of status that the table does not have.
type IllegalError struct {
	Name     string
	From, To Status
}

func (e *IllegalError) Error() string {
	var names []string
	for _, s := range Next(e.From) {
		names = append(names, string(s))
	}
	allowed := strings.Join(names, ", ")
	if allowed == "" {
		allowed = "nothing: it is final"
	}
	return fmt.Sprintf("machine %s is %s and cannot become %s; it may become %s", e.Name, e.From.Human(), e.To.Human(), allowed)
}

// GuardError is a transition whose guard has no evidence.
type GuardError struct {
	Name     string
	From, To Status
	Guard    Guard
}

func (e *GuardError) Error() string {
	return fmt.Sprintf("machine %s cannot become %s: %s is not proven", e.Name, e.To.Human(), e.Guard)
}

// Check holds the evidence against the guards of a change, and what a person
// waives where a person confirms it. It gives the notes that history keeps:
// "passed:<guard> (<how>)", "waived:<guard> (<by whom, why>)" and
// "not-checked:<guard>".
func Check(name string, from, to Status, ev, waived Evidence) ([]string, error) {
	t, ok := Find(from, to)
	if !ok {
		return nil, &IllegalError{name, from, to}
	}
	var notes []string
	for _, g := range t.Guards {
		how, proven := ev[g]
		why, lets := waived[g]
		switch {
		case proven:
			notes = append(notes, fmt.Sprintf("passed:%s (%s)", g, how))
		case lets && g.Waivable() && slices.Contains(t.Guards, GuardConfirmed):
			notes = append(notes, fmt.Sprintf("waived:%s (%s)", g, why))
		case g.Built():
			return nil, &GuardError{name, from, to, g}
		default:
			notes = append(notes, "not-checked:"+string(g))
		}
	}
	return notes, nil
}
