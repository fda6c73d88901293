package serverdb

import (
	"errors"
	"slices"
	"testing"

	"firstlight/server/machine"
)

// The fence comes with the failure, in whatever way an erase fails, and keeps a
// machine from everybody until it is gone.
func TestTheFence(t *testing.T) {
	next := &machine.Machine{Name: "m"}
	for _, from := range machine.Statuses() {
		for _, to := range machine.Statuses() {
			next.Flags = machine.Flags{}
			fails := to == machine.Broken && (from == machine.Recycling || from == machine.Retiring)
			if err := fence(next, Change{From: from, To: to, Sentence: "disk S1"}); err != nil || next.Flags.Fenced != fails || fails != (next.Flags.FenceNote == "disk S1") {
				t.Errorf("%s → %s: %v, fenced %v", from, to, err, next.Flags.Fenced)
			}
		}
	}
	next.Flags = machine.Flags{}
	if err := fence(next, Change{From: machine.Recycling, To: machine.Broken, Evidence: machine.Evidence{machine.GuardUntouched: "none"}}); err != nil || next.Flags.Fenced {
		t.Errorf("no disk was touched: %v, fenced %v", err, next.Flags.Fenced)
	}
	may := []machine.Status{machine.Registered, machine.Held, machine.Recycling, machine.Broken, machine.Repairing}
	for _, to := range machine.Statuses() {
		next.Flags = machine.Flags{Fenced: true, FenceNote: "disk S1"}
		var fenced *FencedError
		if err := fence(next, Change{From: machine.Broken, To: to}); errors.As(err, &fenced) == slices.Contains(may, to) {
			t.Errorf("a fenced machine becomes %s: %v", to, err)
		}
	}
}
