package machine

import (
	"fmt"
	"slices"
	"strings"
)

// Reasons that people give for a broken machine. What automation finds has words
// of its own beside them ("install-failed", "erase-failed").
const (
	ReasonDisk    = "disk"
	ReasonMemory  = "memory"
	ReasonCPU     = "cpu"
	ReasonNetwork = "network"
	ReasonOOB     = "oob"   // its BMC
	ReasonPower   = "power" // supplies, cables
	ReasonCrashes = "crash-loop"
	ReasonDOA     = "doa" // dead on arrival: it never was in use
	ReasonOther   = "other"
)

// ReasonRepaired is why a machine is registered that came back from repair.
const ReasonRepaired = "repaired"

// brokenReasons are those that a person may give, the commonest first.
var brokenReasons = [...]string{
	ReasonDisk, ReasonMemory, ReasonCPU, ReasonNetwork, ReasonOOB, ReasonPower, ReasonCrashes, ReasonDOA, ReasonOther,
}

// BrokenReasons lists the reasons that a person may give for a broken machine.
func BrokenReasons() []string { return brokenReasons[:] }

// ParseBrokenReason reads one; its error lists all of them.
func ParseBrokenReason(text string) (string, error) {
	reason := strings.ToLower(strings.TrimSpace(text))
	if slices.Contains(brokenReasons[:], reason) {
		return reason, nil
	}
	return "", fmt.Errorf("reason %q: want one of %s", text, strings.Join(brokenReasons[:], ", "))
}

// nouns say what is broken in a sentence.
var nouns = map[string]string{
	ReasonDisk: "a disk", ReasonMemory: "its memory", ReasonCPU: "a processor", ReasonNetwork: "its network", ReasonOOB: "its BMC",
	ReasonPower: "its power supply", ReasonCrashes: "crashing again and again",
}

// BrokenSentence says who marked a machine as broken, and why.
func BrokenSentence(who, reason, note string) string {
	text := "marked broken by " + who
	if noun, known := nouns[reason]; known {
		text += " because of " + noun
	}
	if reason == ReasonDOA {
		text = "dead on arrival, says " + who
	}
	if note != "" {
		text += ": " + note
	}
	return text
}

// Handling is what is to become of the data on a machine's disks while others
// have the machine in their hands.
type Handling string

// Handlings.
const (
	HandlingKeep  Handling = "keep"  // the disks stay as they are, with the machine or in a drawer
	HandlingWipe  Handling = "wipe"  // they are to be erased before they leave
	HandlingShred Handling = "shred" // they are to be destroyed
)

var handlings = [...]Handling{HandlingKeep, HandlingWipe, HandlingShred}

// Handlings lists them.
func Handlings() []Handling { return handlings[:] }

// ParseHandling reads one; its error lists all of them.
func ParseHandling(text string) (Handling, error) {
	h := Handling(strings.ToLower(strings.TrimSpace(text)))
	if slices.Contains(handlings[:], h) {
		return h, nil
	}
	return "", fmt.Errorf("disks %q: want one of %s, %s, %s", text, HandlingKeep, HandlingWipe, HandlingShred)
}

// Says is h as a clause of a sentence.
func (h Handling) Says() string {
	switch h {
	case HandlingKeep:
		return "its disks are kept"
	case HandlingWipe:
		return "its disks are to be wiped"
	case HandlingShred:
		return "its disks are to be shredded"
	default:
		return "nobody said what becomes of its disks"
	}
}
