package jobs

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Request asks for an install.
type Request struct {
	Machine   *machine.Machine
	Image     string
	Role      string // for a machine that is not allocated yet
	Owner     string
	Target    string         // the selector as given
	Requester string         // for whom
	User      string         // who called
	By        serverdb.Actor // who called, as the audit names it; zero: User
}

// Install makes an install job. It answers *serverdb.BusyError when the
// machine has an open job, and says what is wrong with the request otherwise.
func (e *Engine) Install(ctx context.Context, r Request) (*machine.Job, error) {
	j, create, err := e.Prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	return j, e.DB.Do(ctx, create)
}

// Prepare is Install without its write: create makes the job within one of the
// caller's.
func (e *Engine) Prepare(ctx context.Context, r Request) (j *machine.Job, create func(*serverdb.Write) error, err error) {
	image, err := e.DB.Image(r.Image)
	if err != nil {
		return nil, nil, fmt.Errorf("image %q: %w; the images are listed by: firstlight image ls", r.Image, machine.ErrNotFound)
	}
	full, err := e.DB.Full(ctx, r.Machine)
	if err != nil {
		return nil, nil, err
	}
	if full.Facts == nil {
		return nil, nil, refuse("machine %s: its hardware is not known: let it boot the agent first", r.Machine.Name)
	}
	if why := image.Unfit(full.Facts); why != "" {
		return nil, nil, refuse("machine %s: %s: choose an image for %s, which firstlight image ls lists", r.Machine.Name, why, full.Facts.Arch)
	}
	disk, err := discovery.InstallDisk(full.Facts, image.Bytes)
	if err != nil {
		return nil, nil, refuse("machine %s: %w", r.Machine.Name, err)
	}
	j = &machine.Job{
		ID: uuid.NewString(), Action: machine.ActionInstall, Status: machine.JobQueued, Target: r.Target,
		Params:    map[string]string{"image": image.Name, "sha256": image.SHA256, "disk": disk.Serial},
		Requester: r.Requester, User: r.User, CreatedAt: e.Now().UTC(), Machine: r.Machine.ID, Attempt: 1,
	}
	j.Steps = waitingSteps(j.Action)
	reserved := func(w *serverdb.Write) error {
		if err := reserve(w, r); err != nil {
			return err
		}
		return w.Audit(cmp.Or(r.By, serverdb.Actor{Name: r.User}), "install", r.Machine.Name, "", "image "+image.Name+" on disk "+disk.Serial+", job "+j.ID)
	}
	return j, func(w *serverdb.Write) error { return w.CreateJob(j, reserved) }, nil
}

// reserve allocates an available machine in the job's own transaction.
func reserve(w *serverdb.Write, r Request) error {
	m, err := w.Machine(r.Machine.ID)
	if err != nil {
		return err
	}
	switch {
	case m.Flags.Frozen:
		return refuse("machine %s is frozen since an older database was restored: thaw it first", m.Name)
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
