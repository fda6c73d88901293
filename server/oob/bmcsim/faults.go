package bmcsim

import (
	"net/http"
	"time"
)

// Faults are what is wrong with a BMC now. The zero value is a healthy one. All
// can be set at any time and hold until they are set again.
type Faults struct {
	Slow         time.Duration // before each answer
	Mute         bool          // accepts requests and never answers
	RefuseLogin  bool          // every log-in is refused
	Lie          bool          // says OK to changes and does nothing
	WrongPower   bool          // shows the opposite power
	Drop         bool          // breaks the connection in the middle of every answer
	HangUp       bool          // does a change, then breaks the connection instead of answering
	Precondition bool          // answers every change with 412
	Task         bool          // answers every change with 202 and a task
	Status       int           // answers everything with this status
}

// SetFaults replaces the faults.
func (b *BMC) SetFaults(f Faults) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = f
}

// Faults returns the faults that hold now.
func (b *BMC) Faults() Faults {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.faults
}

// hold keeps a request waiting as the faults say; false means that nobody waits
// for the answer any more.
func (b *BMC) hold(r *http.Request, f Faults) bool {
	if f.Mute {
		select {
		case <-r.Context().Done():
		case <-b.life.Done():
		}
		return false
	}
	if f.Slow <= 0 {
		return true
	}
	pause := time.NewTimer(f.Slow)
	defer pause.Stop()
	select {
	case <-pause.C:
		return true
	case <-r.Context().Done():
	case <-b.life.Done():
	}
	return false
}
