// Package install writes an operating system to a disk as an order's plan says.
//
// It promises, in this order of importance: to write nothing before the
// appliance has given the plan for the order's token; to write to the one disk
// that has the plan's serial and size, or to none; to leave no disk that could
// start a system which is not wholly the image: the first MiB, without which no
// firmware starts anything, is wiped first and written last, once the hash of
// all bytes is the plan's; and to go on where it was when the appliance goes
// away and returns with the same image. Package agent/pid1 imports it, and
// simulators; it imports agent/report, agent/appliance, agent/gpt and
// agent/efiboot.
package install

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/efiboot"
	"firstlight/agent/gpt"
	"firstlight/agent/report"
)

// Appliance is what an install asks of the appliance.
type Appliance interface {
	Redeem(ctx context.Context, r report.Redeem) (report.Plan, error)
	Image(ctx context.Context, path string, offset int64, etag string) (appliance.Stream, error)
}

// Disk is a disk that was opened for writing.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	Size() int64
	Zero(off, n int64) error // fills with zeros, as fast as the disk can
	Sync() error             // returns when all is on the medium
	Reread() error           // lets the kernel read the partition table anew
	Close() error
}

// Installer installs on one machine. All fields but Variables are required.
type Installer struct {
	Appliance Appliance
	Disks     func() []report.Disk // what there is at this moment
	Open      func(name string) (Disk, error)
	Variables efiboot.Variables // of the firmware; nil where it is not UEFI
	Arch      string            // GOARCH, which decides what UEFI starts
	Log       *slog.Logger
	Patience  time.Duration // how long an image's stream may stand still
}

// run is one install on its way.
type run struct {
	*Installer
	order    report.Order
	progress func(report.Progress)
	plan     report.Plan
	disk     Disk
	name     string // of the disk
	head     []byte // the image's first bytes, held back
	table    *gpt.Table
}

// Install carries out an order. The step that it stopped in comes with the
// error; progress is called at the beginning of each step and while writing.
func (i *Installer) Install(ctx context.Context, o report.Order, progress func(report.Progress)) (string, error) {
	r := &run{Installer: i, order: o, progress: progress}
	defer r.close()
	for _, s := range []struct {
		name string
		do   func(context.Context) (said string, err error)
	}{
		{report.StepRedeem, r.redeem},
		{report.StepWrite, r.write},
		{report.StepVerify, r.verify},
		{report.StepGrow, r.grow},
		{report.StepSeed, r.seed},
		{report.StepBoot, r.boot},
	} {
		progress(report.Progress{Step: s.name})
		began := time.Now()
		said, err := s.do(ctx)
		if err != nil {
			return s.name, err
		}
		i.Log.Info("step done", "step", s.name, "result", said, "took", time.Since(began).Round(time.Millisecond))
		progress(report.Progress{Step: s.name, Message: said})
	}
	return report.StepBoot, nil
}

func (r *run) close() {
	if r.disk != nil {
		if err := r.disk.Close(); err != nil {
			r.Log.Warn("disk not closed", "disk", r.name, "error", err)
		}
	}
}

// redeem gets the plan, and finds its disk before anything is opened.
func (r *run) redeem(ctx context.Context) (string, error) {
	plan, err := r.Appliance.Redeem(ctx, report.Redeem{Order: r.order.ID, Token: r.order.Token})
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

// verify puts the held-back head in its place, now that the hash agreed.
func (r *run) verify(context.Context) (string, error) {
	if _, err := r.disk.WriteAt(r.head, 0); err != nil {
		return "", fmt.Errorf("write the image's head: %w", err)
	}
	if err := r.disk.Sync(); err != nil {
		return "", fmt.Errorf("write the image's head: %w", err)
	}
	t, err := gpt.Read(r.disk, r.disk.Size())
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
	if err := r.table.Fit(r.disk.Size()); err != nil {
		return "", err
	}
	if err := r.table.Write(r.disk, r.disk.Size()); err != nil {
		return "", err
	}
	if err := r.disk.Reread(); err != nil {
		return "", fmt.Errorf("let the kernel read the partitions: %w", err)
	}
	return fmt.Sprintf("partitions reach the end of %d bytes", r.disk.Size()), nil
}

// seed writes who this machine is to be.
func (r *run) seed(context.Context) (string, error) {
	if len(r.plan.Seed) == 0 {
		return "nothing to write", nil
	}
	if err := writeSeed(r.disk, r.table, r.plan.Seed); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d files", len(r.plan.Seed)), nil
}

// boot makes the firmware start the disk, after the network where that was
// first: the appliance decides each boot and sends the machine on to its disk.
func (r *run) boot(context.Context) (string, error) {
	if r.Variables == nil {
		return "BIOS has no order to set", nil
	}
	entry, err := bootEntry(r.disk, r.table, r.Arch)
	if err != nil {
		return "", err
	}
	order, err := efiboot.Install(r.Variables, entry)
	if err != nil {
		return "", err
	}
	return "boot order " + order, nil
}
