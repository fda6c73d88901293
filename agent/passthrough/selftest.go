package passthrough

import "fmt"

// SelfTest is the short self-test of one disk, which goes on by itself once begun.
// It writes nothing that the disk's owner can read.
type SelfTest interface {
	Start() error
	Status() (Tested, error) // of the one that runs, or of the latest
	Abort() error
}

// Tested is how a self-test stands.
type Tested struct {
	State   TestState
	Percent int    // of one that runs
	Why     string // of one that failed or was cut off
}

// TestState is one state of a self-test.
type TestState int

// States of a self-test.
const (
	TestNone   TestState = iota // there was none yet
	TestRuns                    // it goes on
	TestPassed                  // nothing was found
	TestFailed                  // the disk says that something is wrong with it
	TestCut                     // it was ended before its end, and says nothing
)

// String implements fmt.Stringer.
func (s TestState) String() string {
	if words := [...]string{"none", "runs", "passed", "failed", "cut off"}; int(s) < len(words) {
		return words[s]
	}
	return fmt.Sprintf("state %d", int(s))
}

// at adds a failing block's address to a sentence.
func at(why string, known bool, lba uint64) string {
	if !known {
		return why
	}
	return fmt.Sprintf("%s at LBA %d", why, lba)
}
