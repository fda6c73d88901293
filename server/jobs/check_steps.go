package jobs

import (
	"context"
	"fmt"
	"time"

	"firstlight/agent/report"
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

const (
	stepCheck   = "check"
	stepLight   = "light"   // blinks from here on
	stepVerdict = "verdict" // is shown by the light
)

// checkAction writes nothing, so that it needs no token and can be left at any time.
// The machine moves on once the job is over; see checkDue.
func checkAction() action {
	steps := append(toTheAgent(),
		step{name: stepLight, limit: lightLimit, check: checkBlink},
		step{name: stepCheck, limit: func(l Limits) time.Duration { return l.Check }, lasts: budgetOf, check: checkWrite},
		step{name: stepVerdict, limit: lightLimit, check: checkVerdict},
	)
	return action{
		steps: steps, writes: stepCheck, doing: "it was checked", rest: "a check",
		failed: discovery.ReasonUnchecked, cancelled: discovery.ReasonUnchecked, ends: machine.Held,
		says: func(_ *machine.Machine, j *machine.Job) string { return "checks its hardware for " + j.Params["for"] },
		sent: func(_ *machine.Machine, j *machine.Job) string {
			return fmt.Sprintf("Order to check sent: %s; attempt %d", planned(planOf(j)), j.Attempt)
		},
		order: func(m *machine.Machine, j *machine.Job) *report.Order {
			return &report.Order{Action: report.ActionCheck, Sentence: actionOf(j.Action).says(m, j), Check: planOf(j)}
		},
		result:  checked,
		touched: func(*machine.Machine, *machine.Job) bool { return false },
	}
}

func budgetOf(j *machine.Job) time.Duration { return time.Duration(j.Check.Seconds) * time.Second }

func planOf(j *machine.Job) *report.CheckPlan { return planCheck(j.Check.Tests, budgetOf(j)) }

func lightLimit(l Limits) time.Duration { return l.Power }

// checkBlink and checkVerdict: see light.go. Neither ever keeps a check up.
func checkBlink(ctx context.Context, r *run) (state, string, error) { return r.blink(ctx) }

func checkVerdict(ctx context.Context, r *run) (state, string, error) { return r.showVerdict(ctx) }
