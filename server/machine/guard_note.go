package machine

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// GuardNote is what history keeps of one guard of a change, as Check wrote it.
type GuardNote struct {
	Verdict string // "passed", "waived", "not-checked"
	Guard   string
	How     string // the evidence, or by whom and why; "": none
}

// ParseGuardNote reads a note of Check. What Check never wrote is all Guard.
func ParseGuardNote(s string) GuardNote {
	verdict, rest, found := strings.Cut(s, ":")
	if !found {
		return GuardNote{Guard: s}
	}
	guard, how, _ := strings.Cut(rest, " (")
	return GuardNote{Verdict: verdict, Guard: guard, How: strings.TrimSuffix(how, ")")}
}

// GuardSummary counts the guards that passed, and names those that did not: what
// could not be checked must never look like a proof.
func GuardSummary(notes []string) string {
	passed := 0
	others := map[string][]string{}
	for _, s := range notes {
		if n := ParseGuardNote(s); n.Verdict == "passed" {
			passed++
		} else {
			others[n.Verdict] = append(others[n.Verdict], n.Guard)
		}
	}
	var parts []string
	if passed > 0 {
		parts = append(parts, strconv.Itoa(passed)+" passed")
	}
	for _, verdict := range slices.Sorted(maps.Keys(others)) {
		parts = append(parts, strings.TrimPrefix(verdict+": ", ": ")+strings.Join(others[verdict], ", "))
	}
	return strings.Join(parts, "; ")
}
