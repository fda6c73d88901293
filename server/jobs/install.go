package jobs

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
	"firstlight/server/zone"
)

// Request asks for an install.
type Request struct {
	Machine   *machine.Machine
	Image     string
	Role      string // for a machine that is not allocated yet
	Owner     string
	Target    string            // the selector as given
	Requester string            // for whom
	User      string            // who called
	Audit     string            // who called, as the audit writes it; empty: User
	Params    map[string]string // kept with the job beside its own
}

// Install makes an install job. It answers *serverdb.BusyError when the
// machine has an open job, and says what is wrong with the request otherwise.
func (e *Engine) Install(ctx context.Context, r Request) (*machine.Job, error) {
	image, err := e.DB.Image(r.Image)
	if err != nil {
		return nil, fmt.Errorf("image %q: %w; the images are listed by: firstlight image ls", r.Image, machine.ErrNotFound)
	}
	if r.Machine.Facts == nil {
		return nil, refuse("machine %s: its hardware is not known: let it boot the agent first", r.Machine.Name)
	}
	disk, err := discovery.InstallDisk(r.Machine.Facts, image.Bytes)
	if err != nil {
		return nil, refuse("machine %s: %w", r.Machine.Name, err)
	}
	j := &machine.Job{
		ID: uuid.NewString(), Action: machine.ActionInstall, Status: machine.JobQueued, Target: r.Target,
		Params:    map[string]string{"image": image.Name, "sha256": image.SHA256, "disk": disk.Serial},
		Requester: r.Requester, User: r.User, CreatedAt: e.Now().UTC(), Machine: r.Machine.ID, Attempt: 1,
	}
	for k, v := range r.Params {
		j.Params[k] = v
	}
	for _, s := range installSteps {
		j.Steps = append(j.Steps, machine.Step{Name: s.name, Status: machine.StepWaiting})
	}
	return j, e.DB.CreateJob(ctx, j, func(w *serverdb.Write) error {
		if err := reserve(w, r); err != nil {
			return err
		}
		return w.Audit(cmp.Or(r.Audit, r.User), "install", r.Machine.Name, "", "image "+image.Name+" on disk "+disk.Serial+", job "+j.ID)
	})
}

// reserve allocates an available machine in the job's own transaction.
func reserve(w *serverdb.Write, r Request) error {
	m, err := w.Machine(r.Machine.ID)
	if err != nil {
		return err
	}
	switch {
	case m.Flags.Locked:
		return refuse("machine %s is locked: %s", m.Name, m.Flags.LockNote)
	case m.Status == machine.Allocated:
		return nil
	case m.Status != machine.Available:
		return &machine.IllegalError{Name: m.Name, From: m.Status, To: machine.Installing}
	case !machine.ValidLabel(r.Role):
		return refuse("role %q: want lower-case letters, digits and inner dashes, because the host name is made of it", r.Role)
	}
	_, err = w.Allocate(m, serverdb.Claim{Who: r.User, Role: r.Role, Owner: r.Owner, Image: r.Image})
	return err
}

// installSteps in their order. The names stand in job rows: they never change.
var installSteps = []step{
	{name: "start", limit: func(Limits) time.Duration { return 10 * time.Minute }, check: checkStart, finish: start},
	{name: "boot-device", limit: func(l Limits) time.Duration { return l.Power }, check: checkNetboot, act: actNetboot},
	{name: "power-off", limit: func(l Limits) time.Duration { return l.Power }, check: checkPower(oob.PowerOff), act: actPower(oob.PowerOff)},
	{name: "power-on", limit: func(l Limits) time.Duration { return l.Power }, check: checkPower(oob.PowerOn), act: actPower(oob.PowerOn)},
	{name: "boot-request", limit: func(l Limits) time.Duration { return l.Boot }, check: checkBootRequest},
	{name: "agent", limit: func(l Limits) time.Duration { return l.Agent }, check: checkAgent},
	{name: "write", limit: func(l Limits) time.Duration { return l.Write }, check: checkWrite},
	{name: "reboot", limit: func(l Limits) time.Duration { return l.Boot }, check: checkReboot},
	{name: "call-home", limit: func(l Limits) time.Duration { return l.Home }, check: checkHome, finish: inUse},
}

// checkStart waits until our DNS answers the new name: whoever is told of the
// machine must be able to find it.
func checkStart(ctx context.Context, r *run) (state, string, error) {
	if r.machine.Status == machine.Installing {
		return skipped, "", nil
	}
	how, err := r.visible(ctx)
	return settle(err == nil), how, err
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

// checkBootRequest waits for the machine to ask what to boot.
func checkBootRequest(_ context.Context, r *run) (state, string, error) {
	if r.agentIsThere() {
		return skipped, "the agent is there already", nil
	}
	since := r.job.Steps[0].StartedAt
	return settle(r.machine.Observed.BootAt.After(since)), r.handNote(), nil
}

func (r *run) handNote() string {
	for _, s := range r.job.Steps {
		if s.Name == "power-on" && s.Status == machine.StepSkipped {
			return "power-cycle it by hand: " + s.Note
		}
	}
	return ""
}

func checkAgent(_ context.Context, r *run) (state, string, error) {
	return settle(r.agentIsThere()), "", nil
}

func (r *run) agentIsThere() bool { return r.agents.polling(r.machine.ID, r.Now()) }

// checkWrite waits for the agent's result, which moves the machine on in the
// same transaction. It begins anew when the agent did, or fell silent.
func checkWrite(ctx context.Context, r *run) (state, string, error) {
	t := r.job.Token
	switch {
	case !t.WrittenAt.IsZero():
		return done, "image written and hashed", nil
	case t.RedeemedAt.IsZero():
		return pending, "waits for the agent to take the order", nil
	case r.agents.since(r.machine.ID, t.RedeemedAt, r.Now()) > r.Limits.Silence:
		return pending, "", r.again(ctx, "the agent said nothing for "+r.Limits.Silence.String())
	}
	return pending, "", nil
}

// again spends one attempt: the old token is void, a new one may be minted.
func (r *run) again(ctx context.Context, why string) error {
	if r.job.Attempt >= r.Limits.Attempts {
		return fmt.Errorf("%s, after %d attempts: %w", why, r.job.Attempt, errFinal)
	}
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error { return nextAttempt(w, j, why) })
}

func nextAttempt(w *serverdb.Write, j *machine.Job, why string) error {
	m, err := w.Machine(j.Machine)
	if err != nil {
		return err
	}
	j.Attempt++
	j.Token = machine.Token{}
	return w.Transition(m, serverdb.Change{
		From: machine.Installing, To: machine.Installing, Who: "job", Why: "again", Sentence: why, Job: j.ID,
		Evidence: machine.Evidence{machine.GuardJob: "job " + j.ID, machine.GuardAttempts: fmt.Sprintf("attempt %d", j.Attempt)},
	})
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
	return settle(err == nil), how, err
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
