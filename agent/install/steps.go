package install

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/efiboot"
	"firstlight/agent/gpt"
	"firstlight/agent/report"
)

// redeem gets the plan, and finds its disk before anything is opened.
func (r *run) redeem(ctx context.Context) (string, error) {
	plan, err := r.trade(ctx)
	if err != nil {
		return "", fmt.Errorf("redeem the token: %w", err)
	}
	if err := check(plan); err != nil {
		return "", err
	}
	d, err := choose(r.Disks(), plan)
	if err != nil {
		return "", err
	}
	r.plan, r.name = plan, d.Name
	return fmt.Sprintf("%s to %s (%s)", plan.Image.Name, d.Name, d.Serial), nil
}

// trade asks until the appliance answers. When it died with the answer in its
// hand the token is spent, and the next answer is a refusal: nothing was
// written, and a new order comes.
func (r *run) trade(ctx context.Context) (report.Plan, error) {
	began := time.Now()
	for pause := firstPause; ; pause = longer(pause) {
		plan, err := r.Appliance.Redeem(ctx, report.Redeem{Order: r.order.ID, Token: r.order.Token})
		if err == nil || appliance.Refused(err) || ctx.Err() != nil || time.Since(began) > r.Patience {
			return plan, err
		}
		r.Log.Warn("no answer to the token", "error", err)
		rest(ctx, pause)
	}
}

// Pauses between two attempts at an appliance that does not answer.
const (
	firstPause = 200 * time.Millisecond
	longPause  = 5 * time.Second
)

func longer(pause time.Duration) time.Duration { return min(2*pause, longPause) }

// rest waits for the upper half of a pause at random, so that the machines of a
// rack do not come back at the same moment.
func rest(ctx context.Context, pause time.Duration) {
	select {
	case <-time.After(pause/2 + rand.N(pause/2)):
	case <-ctx.Done():
	}
}

// verify reads the image's partitions, now that its hash agreed.
func (r *run) verify(context.Context) (string, error) {
	t, err := gpt.Read(r.ends, r.ends.Size())
	if err != nil {
		return "", fmt.Errorf("read the partitions of image %s: %w", r.plan.Image.Name, err)
	}
	if t.Backup {
		return "", fmt.Errorf("read the partitions of image %s: its first table is damaged", r.plan.Image.Name)
	}
	r.table = t
	return fmt.Sprintf("hash agrees, %d partitions", len(t.Parts)), nil
}

// grow lets the last partition have the rest of the disk.
func (r *run) grow(context.Context) (string, error) {
	if err := r.table.Fit(r.ends.Size()); err != nil {
		return "", err
	}
	if err := r.table.Write(r.ends, r.ends.Size()); err != nil {
		return "", err
	}
	return fmt.Sprintf("partitions reach the end of %d bytes", r.ends.Size()), nil
}

// seed writes who this machine is to be.
func (r *run) seed(context.Context) (string, error) {
	if len(r.plan.Seed) == 0 {
		return "nothing to write", nil
	}
	if err := writeSeed(r.ends, r.table, r.plan.Seed); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d files", len(r.plan.Seed)), nil
}

// boot has the firmware start the disk, and then makes it one that can start.
func (r *run) boot(context.Context) (string, error) {
	said, err := r.setOrder()
	if err != nil {
		return "", err
	}
	if err := r.ends.commit(); err != nil {
		return "", err
	}
	// Nobody on this machine needs the new partitions before it starts again.
	if err := r.disk.Reread(); err != nil {
		r.Log.Info("partitions not read again", "disk", r.name, "error", err)
	}
	return said, nil
}

// setOrder puts the disk behind the network where that was first: the appliance
// decides each boot and sends the machine on to its disk.
func (r *run) setOrder() (string, error) {
	if r.Variables == nil {
		return "BIOS has no order to set", nil
	}
	entry, err := bootEntry(r.ends, r.table, r.Arch)
	if err != nil {
		return "", err
	}
	order, err := efiboot.Install(r.Variables, entry)
	if err != nil {
		return "", err
	}
	return "boot order " + order, nil
}
