package machine

import "testing"

func TestGuardSummary(t *testing.T) {
	for want, notes := range map[string][]string{
		"":         nil,
		"1 passed": {"passed:identity (a new machine: nothing shares a mark with it)"},
		"2 passed; not-checked: burn-in, puppet; waived: spec-matches": {
			"passed:identity (serial A1)", "not-checked:burn-in", "waived:spec-matches (ada: a loan (until May))", "passed:unlocked (not locked)", "not-checked:puppet",
		},
		"of an older version": {"of an older version"},
	} {
		if got := GuardSummary(notes); got != want {
			t.Errorf("GuardSummary(%q) = %q, want %q", notes, got, want)
		}
	}
}

// TestParseGuardNote reads what Check writes.
func TestParseGuardNote(t *testing.T) {
	notes, err := Check("m1", Registered, Held, Evidence{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(notes, "waived:spec-matches (ada: a loan (until May))") {
		n := ParseGuardNote(s)
		if back := n.Verdict + ":" + n.Guard; back != s && back+" ("+n.How+")" != s {
			t.Errorf("ParseGuardNote(%q) = %+v, which is another note", s, n)
		}
	}
}
