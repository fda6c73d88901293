package redfish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"

	"firstlight/server/oob"
)

// resetTypes are the ways to reach a state, best first. PushPowerButton is not
// among them: it toggles, and means "maybe off" to an operating system.
var resetTypes = map[oob.Power][]schemas.ResetType{
	oob.PowerOn:  {schemas.OnResetType, schemas.ForceOnResetType},
	oob.PowerOff: {schemas.ForceOffResetType},
}

// Power says what the power is now.
func (c *Controller) Power(ctx context.Context) (oob.Power, error) {
	var power oob.Power
	err := c.do(ctx, "read the power at", func(api *gofish.APIClient) error {
		sys, err := readSystem(api, c.system)
		if err != nil {
			return err
		}
		power = powerOf(sys)
		return nil
	})
	return power, err
}

// powerOf takes the states between for where they lead or come from: a machine
// that is powering off still runs, one that is powering on needs no second push.
func powerOf(s *system) oob.Power {
	switch s.PowerState {
	case schemas.OnPowerState, schemas.PoweringOnPowerState, schemas.PoweringOffPowerState, schemas.PausedPowerState:
		return oob.PowerOn
	case schemas.OffPowerState:
		return oob.PowerOff
	default:
		return oob.PowerUnknown
	}
}

// SetPower asks for a state at once: off is the forced one, because whoever
// calls it has decided about the work that runs.
func (c *Controller) SetPower(ctx context.Context, want oob.Power) error {
	if want != oob.PowerOn && want != oob.PowerOff {
		return fmt.Errorf("set the power at BMC %s: %q is neither %q nor %q", c.host, want, oob.PowerOn, oob.PowerOff)
	}
	return c.do(ctx, "power "+string(want)+" at", func(api *gofish.APIClient) error {
		sys, err := readSystem(api, c.system)
		if err != nil || powerOf(sys) == want {
			return err
		}
		return c.reset(api, sys, want)
	})
}

func (c *Controller) reset(api *gofish.APIClient, sys *system, want oob.Power) error {
	kind, err := chooseReset(sys, want)
	if err != nil {
		return err
	}
	task, err := sys.Reset(kind)
	if err != nil {
		return c.unlessThere(api, want, err)
	}
	if task != nil && task.Task != nil && slices.Contains(failedTasks, task.Task.TaskState) {
		return fmt.Errorf("%w: its task for %s is in state %q", errPlain, kind, short(string(task.Task.TaskState), 40))
	}
	return nil
}

var failedTasks = []schemas.TaskState{schemas.ExceptionTaskState, schemas.KilledTaskState, schemas.CancelledTaskState}

// unlessThere forgives a refused reset when the machine is in the wanted state
// after all: somebody else was quicker, and iDRAC answers 409 to that (PSU501,
// dell/dellemc-openmanage-ansible-modules#132).
func (c *Controller) unlessThere(api *gofish.APIClient, want oob.Power, refused error) error {
	if !is(refused, 400, 409) {
		return refused
	}
	sys, err := readSystem(api, c.system)
	if err != nil || powerOf(sys) != want {
		return refused
	}
	return nil
}

// chooseReset takes the best way that the BMC offers; one that offers no list
// gets the best way there is.
func chooseReset(sys *system, want oob.Power) (schemas.ResetType, error) {
	if sys.more.Actions.Reset.Target == "" {
		return "", fmt.Errorf("%w: it offers no reset of this machine", oob.ErrUnsupported)
	}
	offered, err := sys.GetSupportedResetTypes()
	if err != nil {
		return "", err
	}
	ways := resetTypes[want]
	if len(offered) == 0 {
		return ways[0], nil
	}
	for _, way := range ways {
		if slices.Contains(offered, way) {
			return way, nil
		}
	}
	return "", fmt.Errorf("%w: to power %s it would have to offer one of %s, it offers %s", oob.ErrUnsupported, want, words(ways), short(words(offered), 200))
}

func words[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, w := range list {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}
