package jobs

import (
	"context"
	"fmt"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
	"firstlight/server/zone"
)

// Names of the steps that others ask for. All names stand in job rows: they
// never change.
const (
	stepBootDevice  = "boot-device"
	stepPowerOff    = "power-off"
	stepPowerOn     = "power-on"
	stepBootRequest = "boot-request"
	stepWrite       = "write"
	stepReboot      = "reboot"
)

func installAction() action {
	return action{
		steps: installSteps(), writes: stepWrite, during: machine.Installing, doing: "its image was written", rest: "half an image",
		failed: "install-failed", cancelled: "install-cancelled", ends: machine.Broken,
		says: func(m *machine.Machine, j *machine.Job) string {
			return fmt.Sprintf("installs %s as %s", j.Params["image"], m.Hostname)
		},
		sent: func(_ *machine.Machine, j *machine.Job) string {
			return fmt.Sprintf("Order to install %s on disk %s sent, attempt %d", j.Params["image"], j.Params["disk"], j.Attempt)
		},
		secret: trust.InstallPlan, plan: planInstall, result: installed,
		// Redeem leaves the mark; see planInstall.
		touched: func(m *machine.Machine, j *machine.Job) bool {
			return !j.Token.RedeemedAt.IsZero() || m.Released[j.Params["disk"]] == "job "+j.ID
		},
	}
}

// installSteps are the steps of an install in their order. A machine that
// boots its disk without asking is heard of when its system is up, so that the
// reboot has as long as the call home.
func installSteps() []step {
	home := func(l Limits) time.Duration { return l.Home }
	all := []step{{name: "start", limit: func(Limits) time.Duration { return 10 * time.Minute }, check: checkStart, finish: start}}
	all = append(all, toTheAgent()...)
	return append(all,
		step{name: stepWrite, limit: func(l Limits) time.Duration { return l.Write }, check: checkWrite},
		step{name: stepReboot, limit: home, check: checkReboot},
		step{name: "call-home", limit: home, check: checkHome, finish: inUse},
	)
}

// toTheAgent are the steps that bring a machine's agent to the other end of a
// long poll; each is skipped where it is there already.
func toTheAgent() []step {
	power := func(l Limits) time.Duration { return l.Power }
	return []step{
		{name: stepBootDevice, limit: power, check: checkNetboot, act: actNetboot, bmc: true},
		{name: stepPowerOff, limit: power, check: checkPower(oob.PowerOff), act: actPower(oob.PowerOff), bmc: true},
		{name: stepPowerOn, limit: power, check: checkPower(oob.PowerOn), act: actPower(oob.PowerOn), bmc: true},
		{name: stepBootRequest, limit: func(l Limits) time.Duration { return l.Boot }, check: checkBootRequest, finish: verified, repeat: true},
		{name: "agent", limit: func(l Limits) time.Duration { return l.Agent }, check: checkAgent, repeat: true},
	}
}

// checkStart waits until our DNS answers the new name: whoever is told of the
// machine must be able to find it.
func checkStart(ctx context.Context, r *run) (state, string, error) {
	if r.machine.Status == machine.Installing {
		return skipped, "", nil
	}
	how, err := r.visible(ctx)
	if err != nil {
		return pending, how, err
	}
	return r.gates(ctx, machine.Installing, how)
}

func settle(ok bool) state {
	if ok {
		return done
	}
	return pending
}

// visible proves the machine's name in DNS.
func (r *run) visible(ctx context.Context) (string, error) {
	name, addr, ok := zone.Host(r.machine, r.DB.Subnets())
	if !ok {
		return "", fmt.Errorf("machine %s has no host name with an address: %w", r.machine.Name, errFinal)
	}
	return r.Visible(ctx, name, addr)
}

func start(ctx context.Context, r *run) (func(*serverdb.Write, *machine.Job) error, error) {
	how, err := r.visible(ctx)
	if err != nil {
		return nil, err
	}
	return func(w *serverdb.Write, j *machine.Job) error {
		m, err := w.Machine(j.Machine)
		if err != nil {
			return err
		}
		ev := machine.Evidence{machine.GuardJob: "job " + j.ID, machine.GuardDNS: how}
		if !m.Flags.Locked {
			ev[machine.GuardUnlocked] = "not locked"
		}
		return w.Transition(m, serverdb.Change{From: machine.Allocated, To: machine.Installing, Who: j.User, Why: "install", Job: j.ID, Evidence: ev})
	}, nil
}

// byHand asks a person to do what no BMC does; empty where one did.
func byHand(j *machine.Job) string {
	for _, s := range j.Steps {
		if (s.Name == stepPowerOff || s.Name == stepPowerOn) && s.Status == machine.StepSkipped && s.Note != agentThere {
			return "power-cycle it by hand: " + s.Note
		}
	}
	return ""
}

func checkAgent(_ context.Context, r *run) (state, string, error) {
	return settle(r.agentIsThere()), "", nil
}

// checkWrite waits for the agent's result, which moves the machine on in the
// same transaction. It begins anew when the agent did, or fell silent. While
// the appliance was away the agent could not be heard.
func checkWrite(ctx context.Context, r *run) (state, string, error) {
	t := r.job.Token
	switch {
	case !t.WrittenAt.IsZero():
		return done, "image written and hashed", nil
	case t.RedeemedAt.IsZero():
		return pending, "waits for the agent to take the order", nil
	case r.agents.since(r.machine.ID, later(t.RedeemedAt, r.began), r.Now()) > r.Limits.Silence:
		return pending, "", r.again(ctx, "the agent said nothing for "+r.Limits.Silence.String())
	}
	return pending, "", nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// checkReboot waits until the machine asks for its next boot, or is home.
func checkReboot(_ context.Context, r *run) (state, string, error) {
	written := r.job.Token.WrittenAt
	return settle(r.machine.Observed.BootAt.After(written) || !r.job.Token.HomeAt.IsZero()), "", nil
}

func checkHome(ctx context.Context, r *run) (state, string, error) {
	if r.job.Token.HomeAt.IsZero() {
		return pending, "waits for the installed system", nil
	}
	how, err := r.visible(ctx)
	if err != nil {
		return pending, how, err
	}
	return r.gates(ctx, machine.InUse, how)
}

func inUse(ctx context.Context, r *run) (func(*serverdb.Write, *machine.Job) error, error) {
	how, err := r.visible(ctx)
	if err != nil {
		return nil, err
	}
	return func(w *serverdb.Write, j *machine.Job) error {
		m, err := w.Machine(j.Machine)
		if err != nil {
			return err
		}
		return w.Transition(m, serverdb.Change{
			From: machine.Configuring, To: machine.InUse, Who: "job", Why: "installed", Job: j.ID,
			Evidence: machine.Evidence{machine.GuardHome: j.Token.HomeAt.UTC().Format(time.RFC3339), machine.GuardDNS: how},
			Apply:    func(m *machine.Machine) { m.Owned, m.Released = true, nil },
		})
	}, nil
}
