package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// A BMC's word for a one-time boot proves nothing: it has been seen to accept
// and to show what the firmware then did not do. What proves it is the boot
// request that follows the power-on.

// ordered is when a job's machine was switched on with a one-time boot from the
// network that its BMC took and showed; the zero time: it was not, or not by us.
func ordered(j *machine.Job) (on time.Time) {
	once := false
	for _, s := range j.Steps {
		switch {
		case s.Status != machine.StepDone:
		case s.Name == stepBootDevice:
			once = true
		case s.Name == stepPowerOn && once:
			on = s.EndedAt
		}
	}
	return on
}

// checkBootRequest waits for the machine to ask what to boot.
func checkBootRequest(ctx context.Context, r *run) (state, string, error) {
	if r.agentIsThere() {
		return skipped, agentThere, nil
	}
	asked, on := r.machine.Observed.BootAt, ordered(r.job)
	switch {
	case !asked.After(attemptBegan(r.job)) && on.IsZero():
		return pending, byHand(r.job), nil
	case !asked.After(attemptBegan(r.job)):
		return pending, r.unheard(ctx, on), nil
	case on.IsZero():
		return done, "", nil
	default:
		return done, fmt.Sprintf("it asked the network %.0f s after power-on, as its BMC was told", max(0, asked.Sub(on).Seconds())), nil
	}
}

// verified counts a one-time boot that was followed.
func verified(_ context.Context, r *run) (func(*serverdb.Write, *machine.Job) error, error) {
	if !ordered(r.job).IsZero() {
		r.once.WithLabelValues("followed").Inc()
	}
	return nil, nil //nolint:nilnil // nothing is written besides
}

const notAsked = "its BMC accepted a one-time boot from the network"

// unheard is the note of a machine that does not ask the network though its BMC
// took the order; once that has lasted, a row says what the BMC shows now.
func (r *run) unheard(ctx context.Context, on time.Time) string {
	cur := r.job.Current()
	if strings.HasPrefix(cur.Note, notAsked) || r.Now().Sub(on) < r.Limits.Ask {
		return cur.Note
	}
	is, shows := r.lookAfter(ctx)
	note := fmt.Sprintf("%s at %s, and it did not ask the network within %.0f s of its power-on: %s", notAsked, clock(deviceSet(r.job)), r.Limits.Ask.Seconds(), shows)
	r.bmcEvent(sentence(note), journal.DetailIgnored, journal.IgnoredOnce, journal.DetailPower, string(is))
	r.once.WithLabelValues("ignored").Inc()
	return note
}

func deviceSet(j *machine.Job) time.Time {
	for _, s := range j.Steps {
		if s.Name == stepBootDevice {
			return s.EndedAt
		}
	}
	return time.Time{}
}

// lookAfter asks the BMC what became of its order.
func (r *run) lookAfter(ctx context.Context) (is oob.Power, shows string) {
	var next oob.BootDevice
	err := r.with(ctx, func(ctx context.Context, c oob.Controller) (err error) {
		if is, err = c.Power(ctx); err == nil {
			next, err = c.NextBoot(ctx)
		}
		return err
	})
	switch {
	case err != nil:
		return oob.PowerUnknown, "its BMC does not say what became of it: " + clip(err.Error())
	case is == oob.PowerOff:
		return is, "it is off"
	case next == oob.BootNetwork:
		return is, "it is on, and its firmware has not used the order up"
	default:
		return is, "it is on, its firmware has used the order up, and it hangs or boots its disk"
	}
}

// newOnce counts one-time boots.
func newOnce() *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firstlight_one_time_boots_total", Help: "One-time boots from the network that BMCs accepted, by whether a boot request followed the power-on.",
	}, []string{"outcome"})
	c.WithLabelValues("followed")
	c.WithLabelValues("ignored")
	return c
}
