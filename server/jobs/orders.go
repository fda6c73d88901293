package jobs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

// tokenLife is how long a token may wait to be redeemed.
const tokenLife = 10 * time.Minute

// secret mints 256 random bits and their hash. Only the hash is kept.
func secret() (plain, hash string) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	plain = base64.RawURLEncoding.EncodeToString(b[:])
	return plain, digest(plain)
}

func digest(plain string) string {
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

// Heard notes that the agent of a machine is at the other end.
func (e *Engine) Heard(m *machine.Machine) {
	e.agents.heard(m.ID, m.Observed.AgentBoot, e.Now())
}

// LastHeard is the last word of a machine's agent in this life of ours; the
// zero time: none.
func (e *Engine) LastHeard(machineID string) time.Time { return e.agents.last(machineID) }

// Booted notes that a machine asked for a boot: its agent is gone.
func (e *Engine) Booted(machineID string) { e.agents.left(machineID) }

// Order gives what the appliance wants of a machine's agent now, nil for
// nothing. seen is the last order that the agent knows.
func (e *Engine) Order(ctx context.Context, m *machine.Machine, seen string) (*report.Order, error) {
	j, ok := e.DB.OpenJob(m.ID)
	if !ok {
		return reportAnew(m, seen), nil
	}
	cur := j.Current()
	switch {
	case cur == nil || cur.Status != machine.StepRunning:
		return nil, nil
	case cur.Name == actionOf(j.Action).writes && actionOf(j.Action).order != nil:
		return e.orderOpenly(ctx, m, j, seen)
	case mayOrder(j):
		return e.orderWrite(ctx, m, j, seen)
	case cur.Name == stepRetireUser && seen != j.Token.Order:
		return &report.Order{ID: j.Token.Order, Action: report.ActionBMC, Retire: j.Params["old"], Sentence: "disables the BMC's old user"}, nil
	case cur.Name == stepReboot && seen != rebootOrder(j):
		return &report.Order{ID: rebootOrder(j), Action: report.ActionReboot, Sentence: "boots the installed system"}, nil
	}
	return nil, nil
}

func rebootOrder(j *machine.Job) string { return j.ID + "/reboot" }

// mayOrder tells whether an order to write is due: nobody holds the plan yet.
func mayOrder(j *machine.Job) bool {
	cur := j.Current()
	return j.Status.Open() && cur != nil && cur.Name == actionOf(j.Action).writes && cur.Status == machine.StepRunning && j.Token.RedeemedAt.IsZero()
}

// orderOpenly gives an order without a token, the same to an agent that did not
// hear it.
func (e *Engine) orderOpenly(ctx context.Context, m *machine.Machine, j *machine.Job, seen string) (*report.Order, error) {
	does := actionOf(j.Action)
	order := does.order(m, j)
	order.ID = fmt.Sprintf("%s/%s/%d", j.ID, j.Action, j.Attempt)
	switch {
	case j.Token.Order == order.ID && (seen == order.ID || !j.Token.WrittenAt.IsZero()):
		return nil, nil
	case j.Token.Order == order.ID:
		return order, nil
	}
	err := e.DB.ChangeJob(ctx, j.ID, func(w *serverdb.Write, now *machine.Job) error {
		if moved(j, now) {
			return errMoved
		}
		now.Token = machine.Token{Order: order.ID, RedeemedAt: e.Now(), Boot: m.Observed.AgentBoot}
		return w.Event(journal.Event{Machine: m.ID, Source: journal.Job, Job: j.ID, Text: does.sent(m, j)})
	})
	if errors.Is(err, errMoved) {
		return nil, nil
	}
	return order, err
}

// orderWrite mints a token for an order that was not redeemed: the one that
// was sent before may never have arrived, and is void from now on. What it
// rests on is asked again where it is written, because another poll of the same
// agent may have led to the redemption in between.
func (e *Engine) orderWrite(ctx context.Context, m *machine.Machine, j *machine.Job, seen string) (*report.Order, error) {
	if seen != "" && seen == j.Token.Order && e.Now().Before(j.Token.Expires) {
		return nil, nil
	}
	plain, hash := secret()
	does := actionOf(j.Action)
	order := &report.Order{
		ID: fmt.Sprintf("%s/%s/%d/%.8s", j.ID, j.Action, j.Attempt, hash), Action: string(j.Action), Token: plain, Sentence: does.says(m, j),
	}
	err := e.DB.ChangeJob(ctx, j.ID, func(w *serverdb.Write, j *machine.Job) error {
		if !mayOrder(j) {
			return errMoved
		}
		j.Token = machine.Token{Hash: hash, Order: order.ID, Expires: e.Now().Add(tokenLife)}
		return w.Event(journal.Event{Machine: m.ID, Source: journal.Job, Job: j.ID, Text: does.sent(m, j)})
	})
	switch {
	case errors.Is(err, errMoved):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return order, nil
}

// Redeem trades a token for the plan, once, if the boot has proven itself as far
// as the policy asks. boot.ErrRefused tells the agent to write nothing.
func (e *Engine) Redeem(ctx context.Context, m *machine.Machine, shown trust.Evidence, r report.Redeem) (plan any, err error) {
	j, ok := e.DB.OpenJob(m.ID)
	if !ok {
		return nil, boot.MayWrite(m, nil, r.Order, "", e.Now())
	}
	may := boot.MayWrite
	if own := actionOf(j.Action).may; own != nil {
		may = own
	}
	err = e.DB.ChangeJob(ctx, j.ID, func(w *serverdb.Write, j *machine.Job) error {
		now, err := w.Full(m.ID)
		if err != nil {
			return err
		}
		if err := may(now, j, r.Order, digest(r.Token), e.Now()); err != nil {
			return err
		}
		if err := e.Release(w, now, j.ID, actionOf(j.Action).secret, shown); err != nil {
			return err
		}
		j.Token.RedeemedAt, j.Token.Boot = e.Now(), m.Observed.AgentBoot
		plan, err = actionOf(j.Action).plan(e, w, now, j)
		return err
	})
	if err != nil {
		return nil, err
	}
	return plan, nil
}

func planInstall(e *Engine, w *serverdb.Write, m *machine.Machine, j *machine.Job) (any, error) {
	home, hash := secret()
	j.Token.HomeHash = hash
	plan, err := e.plan(m, j, home)
	if err != nil {
		return nil, err
	}
	// What is written from now on is ours, on a disk that was proven empty:
	// an install that fails must not look like somebody's data.
	err = w.Mark(m, func(m *machine.Machine) {
		if m.Released == nil {
			m.Released = map[string]string{}
		}
		m.Released[plan.Disk.Serial] = "job " + j.ID
	})
	if err != nil {
		return nil, err
	}
	return plan, w.Event(journal.Event{Machine: m.ID, Source: journal.Agent, Job: j.ID, Text: fmt.Sprintf(
		"Redeemed the install token; plan accepted: write %s to disk %s, %s", plan.Image.Name, plan.Disk.Serial, discovery.Bytes(plan.Disk.Bytes))})
}

// plan says what to write where.
func (e *Engine) plan(m *machine.Machine, j *machine.Job, home string) (*report.Plan, error) {
	image, err := e.DB.Image(j.Params["image"])
	if err != nil {
		return nil, err
	}
	if image.SHA256 != j.Params["sha256"] {
		return nil, fmt.Errorf("image %s changed since the job was made: cancel the job and install again: %w", image.Name, boot.ErrRefused)
	}
	disk, err := diskBySerial(m, j.Params["disk"])
	if err != nil {
		return nil, err
	}
	seed, err := e.seed(m, j, home)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", boot.ErrRefused, err)
	}
	return &report.Plan{
		Disk: report.Target{Serial: disk.Serial, Bytes: disk.Bytes},
		Image: report.Image{
			Name: image.Name, Path: "/boot/images/" + image.Name, Compressed: image.Compressed, Bytes: image.Bytes,
			SHA256: image.SHA256, CompressedSHA256: image.CompressedSHA256,
		},
		Host: m.Hostname,
		Seed: seed,
	}, nil
}

// diskBySerial finds the job's disk again, and refuses one that is not empty
// and was not given free since the job was made.
func diskBySerial(m *machine.Machine, serial string) (machine.Disk, error) {
	if m.Facts == nil {
		return machine.Disk{}, fmt.Errorf("the disks of machine %s are not known: %w", m.Name, boot.ErrRefused)
	}
	for _, d := range m.Facts.Disks {
		if d.Serial != serial {
			continue
		}
		if len(d.Contents) > 0 && m.Released[serial] == "" {
			return d, fmt.Errorf("%s: %w", discovery.Describe(d), boot.ErrRefused)
		}
		return d, nil
	}
	return machine.Disk{}, fmt.Errorf("disk %s of the plan is not in machine %s any more: %w", serial, m.Name, boot.ErrRefused)
}
