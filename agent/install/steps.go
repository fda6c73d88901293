package install

import (
	"context"
	"fmt"

	"firstlight/agent/efiboot"
	"firstlight/agent/gpt"
	"firstlight/agent/plan"
)

// redeem gets the plan, and finds its disk before anything is opened.
func (r *run) redeem(ctx context.Context) (string, error) {
	p, err := plan.Trade(ctx, r.Appliance.Redeem, r.order, r.Patience, r.Log)
	if err != nil {
		return "", fmt.Errorf("redeem the token: %w", err)
	}
	if err := check(p); err != nil {
		return "", err
	}
	d, err := plan.Find(r.Disks(), p.Disk)
	if err != nil {
		return "", err
	}
	r.plan, r.name = p, d.Name
	return fmt.Sprintf("%s to %s (%s)", p.Image.Name, d.Name, d.Serial), nil
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
