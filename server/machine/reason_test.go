package machine

import (
	"strings"
	"testing"
	"time"
)

func TestReasonsForABrokenMachine(t *testing.T) {
	for _, reason := range BrokenReasons() {
		if got, err := ParseBrokenReason(" " + strings.ToUpper(reason)); err != nil || got != reason {
			t.Errorf("ParseBrokenReason(%s) = %q, %v", reason, got, err)
		}
		says := BrokenSentence("ada", reason, "n")
		if !strings.Contains(says, "ada") || !strings.HasSuffix(says, ": n") || reason != ReasonOther && says == BrokenSentence("ada", ReasonOther, "n") {
			t.Errorf("BrokenSentence(%s) = %q, want who, why and the note", reason, says)
		}
	}
	if _, err := ParseBrokenReason("gremlins"); err == nil || !strings.Contains(err.Error(), `"gremlins": want one of disk, memory,`) {
		t.Errorf("ParseBrokenReason(gremlins) = %v, want the list", err)
	}
}

func TestWaysToHandleDisks(t *testing.T) {
	said := map[string]bool{Handling("").Says(): true}
	for _, h := range Handlings() {
		if got, err := ParseHandling(string(h)); err != nil || got != h || said[h.Says()] {
			t.Errorf("ParseHandling(%s) = %q, %v, which says %q", h, got, err, h.Says())
		}
		said[h.Says()] = true
	}
	if _, err := ParseHandling(""); err == nil || !strings.Contains(err.Error(), "want one of keep, wipe, shred") {
		t.Errorf("ParseHandling() = %v, want the list", err)
	}
}

func TestAnActCanBeUndoneUntilSomethingHappens(t *testing.T) {
	began := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	m := &Machine{Version: 4, Status: Held, Reason: "no-rule", Flags: Flags{Locked: true}}
	m.Undo = m.Undoes("broken", "ada", "marked it broken", "has it checked again", began)
	m.Version++ // the act itself
	if m.Undo.Status != Held || m.Undo.Reason != "no-rule" || !m.Undo.Flags.Locked {
		t.Errorf("Undoes() = %+v, want what was", m.Undo)
	}
	for _, tt := range []struct {
		name    string
		version int64
		after   time.Duration
		want    bool
	}{{"at once", 5, 0, true}, {"just in time", 5, UndoWithin - 1, true}, {"too late", 5, UndoWithin, false}, {"something happened", 6, 0, false}} {
		m.Version = tt.version
		if got := m.Undoable(began.Add(tt.after)); (got != nil) != tt.want {
			t.Errorf("%s: Undoable() = %+v, want it: %v", tt.name, got, tt.want)
		}
	}
	if u := (&Machine{}).UndoesMove(&Machine{Rack: "r12", Unit: 7}, []string{"rack", "unit"}, "ada", began); u.Says() != "ada put it at rack r12 unit 7; undo takes it out of the rack" {
		t.Errorf("UndoesMove() = %q", u.Says())
	}
	if u := (&Machine{Rack: "r12"}).UndoesMove(&Machine{}, []string{"rack"}, "ada", began); u.Says() != "ada took it out of its rack; undo puts it back at rack r12" {
		t.Errorf("UndoesMove() = %q", u.Says())
	}
	if (&Machine{}).Undoable(began) != nil {
		t.Error("a machine that nobody touched can be undone")
	}
}
