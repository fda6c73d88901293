package agent

import (
	"time"

	"firstlight/agent/report"
)

// The longest that parts of a run take on a machine that is well, with plenty to
// spare: whoever hears nothing for longer may start it anew.
const (
	// turn is for one call of the appliance, which ends within 70 s, and the pause
	// after it.
	turn = 5 * time.Minute
	// looking is for collecting facts: a disk that is dying answers after minutes,
	// and a BMC that hangs not at all.
	looking = 30 * time.Minute
	// writing is between two words of an install's progress: a stream may stand
	// still, and a disk takes in last what memory held back, which may be much.
	writing = 2 * time.Hour
)

func (a *Agent) alive(within time.Duration) {
	if a.Alive != nil {
		a.Alive(within)
	}
}

func (a *Agent) collect() report.Report {
	a.alive(looking)
	defer a.alive(turn)
	return a.Collect()
}
