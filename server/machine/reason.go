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
