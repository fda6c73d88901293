// Package issue decides what asks for a person: the catalogue of everything
// that may be wrong with a machine, and how each of it shows.
//
// It is pure: what a machine is and was seen to do, and the time, come in as
// arguments. It promises that an issue names its evidence, both values where
// two disagree, and offers at most two acts. What nothing gathers evidence for
// stands in the catalogue as not computed, with the reason, and is never found.
// It imports the words, discovery and diagnosis; the task that keeps the list, the API and
// the pages import it.
package issue

import (
	"slices"
	"time"

	"firstlight/server/diagnosis"
	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/whereabouts"
)

// Severity says how much is wrong.
type Severity string

// Severities.
const (
	Asks   Severity = "asks"   // somebody should look
	Broken Severity = "broken" // it does not do what it is for
)

// Verb names an act, as the API, the command line and the pages do.
type Verb string

// Verbs that issues offer.
const (
	Recheck    Verb = "recheck"
	Release    Verb = "release"
	Waive      Verb = "waive"
	Light      Verb = "light"
	Power      Verb = "power"
	BMCLogin   Verb = "bmc"
	BMCAdopt   Verb = "adopt-bmc"
	AcceptPort Verb = "accept-port"
	MarkBroken Verb = "broken"
	Repair     Verb = "repair"
	Repaired   Verb = "repaired"
	Install    Verb = "install"
	AskGate    Verb = "ask-gate"
	PassGate   Verb = "pass-gate"
	Erase      Verb = "erase"
	Check      Verb = "check"
	Unfence    Verb = "unfence"
)

// Entry is one kind of issue.
type Entry struct {
	Kind     machine.IssueKind
	Title    string
	Means    string // for a person who sees it for the first time
	Severity Severity
	// Verbs are what helps, the best first: at most two for any one machine.
	Verbs []Verb
	// FromFacts tells that it is found only where the facts were looked at.
	FromFacts bool
	// OfNetwork tells that it is of no machine: the inspector finds it itself.
	OfNetwork bool
	// NotComputed says why nothing finds it yet; empty: it is computed.
	NotComputed string

	find func(*Input) *Finding
}

// Finding is an issue of one machine as it shows now. While nothing changes,
// neither does what it says: it names times, not how long ago they are.
type Finding struct {
	Kind     machine.IssueKind
	Sentence string
	Evidence map[string]string
}

// Input is what is known of one machine.
type Input struct {
	Machine *machine.Machine // without its facts
	Now     time.Time
	// Began is since when Firstlight listens: nobody was heard before.
	Began time.Time
	// Heard is the last word of its agent; zero: none since Began.
	Heard time.Time
	Job   *machine.Job // open; nil: none
	Last  *machine.Job // the newest that ended; nil: none is known
	// Waits are those before gates.
	Waits []*machine.Wait
	// Diagnoses say why its boot stopped, by the journal.
	Diagnoses []diagnosis.Diagnosis
	// Facts is what its facts show; nil: they were not looked at yet.
	Facts *Facts
	// System is a DHCP client on its address that names itself, as installed
	// systems do and the agent does not.
	System System
	// DNS is why its name is not published; empty: it is, or it has none.
	DNS string
	// Clash is who shows its identity, too; the zero Clash: nobody.
	Clash Clash
	// Others is the rest of the fleet.
	Others *Others
	// Open tells which issues it has: some end later than they begin.
	Open func(machine.IssueKind) bool
}

// System is what a DHCP client said.
type System struct {
	Name string
	At   time.Time
}

// Clash is an identity that two machines show.
type Clash struct {
	Sentence string // names both
	Other    string // name, or what is known of it
	How      string // it was seen
}

// Others is what has to be known of the fleet to judge one machine. It is
// gathered once for all of them.
type Others struct {
	// BMCs are the machines by the address of their BMC, where several share it.
	BMCs map[string][]string
	// Arrived is when a delivery was first seen in a rack.
	Arrived map[Place]time.Time
	// Racks are those of the plan, by name; Sites are the sites that have some.
	Racks map[string]*machine.Rack
	Sites map[string]bool
	// Images is the catalogue, by name.
	Images map[string]*machine.Image
	// Cables tells whose each port of a switch is.
	Cables *whereabouts.Fleet
	// Subnet gives the site of the network of a machine; empty: not known.
	Subnet func(*machine.Machine) (name, site string)
}

// Place is a delivery's part in one rack.
type Place struct{ Delivery, Rack string }

// Find gives all issues of a machine. looked tells whether the facts were
// looked at: if not, those of FromFacts are neither found nor gone.
func Find(in *Input) (all []Finding, looked bool) {
	for i := range catalogue {
		e := &catalogue[i]
		if e.find == nil || e.FromFacts && in.Facts == nil {
			continue
		}
		if f := e.find(in); f != nil {
			f.Kind = e.Kind
			all = append(all, *f)
		}
	}
	return all, in.Facts != nil
}

// Of gives the entry of a kind.
func Of(kind machine.IssueKind) (Entry, bool) {
	for _, e := range catalogue {
		if e.Kind == kind {
			return e, true
		}
	}
	return Entry{}, false
}

// Catalogue gives every kind that there is, computed or not.
func Catalogue() []Entry { return catalogue }

// VerbsFor are the acts that help with an issue of a machine in its status, at
// most two.
func VerbsFor(kind machine.IssueKind, m *machine.Machine) []Verb {
	e, _ := Of(kind)
	var all []Verb
	for _, v := range e.Verbs {
		if m == nil || possible(v, m) {
			all = append(all, v)
		}
	}
	return all[:min(len(all), 2)]
}

// possible tells whether a verb would not be refused for what the machine is.
func possible(v Verb, m *machine.Machine) bool {
	switch v {
	case Recheck:
		return (m.Status == machine.Held || m.Status == machine.Broken) && !m.Owned && !m.Flags.Fenced
	case Release:
		return m.Status == machine.Held && m.Reason == discovery.ReasonDisks && !m.Owned && !m.Flags.Fenced
	case Waive:
		return m.Status == machine.Held && discovery.Waivable(m.Reason)
	case Light, Power:
		return m.BMC.Address != ""
	case Repair:
		return m.Status == machine.Broken
	case Erase:
		return canErase(m)
	case Check:
		return (m.Status == machine.Held || m.Status == machine.Repairing) && !m.Owned && !m.Flags.Fenced && !m.Flags.Locked
	case Unfence:
		return m.Flags.Fenced
	case Repaired:
		return m.Status == machine.Repairing
	case MarkBroken:
		return m.Status == machine.Available || m.Status == machine.InUse || m.Status == machine.Held
	case Install:
		return m.Status == machine.Available && !m.Flags.Locked
	default:
		return true
	}
}

func canErase(m *machine.Machine) bool {
	_, legal := machine.Find(m.Status, machine.Recycling)
	return legal && m.Status != machine.Recycling && m.Status != machine.Installing && m.Status != machine.Configuring && !m.Flags.Locked
}

func found(sentence string, evidence ...string) *Finding {
	f := &Finding{Sentence: sentence}
	for i := 0; i+1 < len(evidence); i += 2 {
		if evidence[i+1] == "" {
			continue
		}
		if f.Evidence == nil {
			f.Evidence = map[string]string{}
		}
		f.Evidence[evidence[i]] = evidence[i+1]
	}
	return f
}

// is tells whether a machine has one of these statuses.
func (in *Input) is(all ...machine.Status) bool {
	return slices.Contains(all, in.Machine.Status)
}

// past tells whether it is longer ago than d; what never was is not.
func (in *Input) past(t time.Time, d time.Duration) bool {
	return !t.IsZero() && in.Now.Sub(t) > d
}

// heard is its last word of any kind.
func (in *Input) heard() time.Time { return latest(in.Heard, in.Machine.Observed.CallAt) }

func latest(all ...time.Time) (last time.Time) {
	for _, t := range all {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// clock spells a time as evidence.
func clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}
