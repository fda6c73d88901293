// Package install writes an operating system to a disk as an order's plan says.
//
// It promises, in this order of importance: to write nothing before the
// appliance has given the plan for the order's token; to write to the one disk
// that has the plan's serial and size, or to none; to leave no disk that could
// start a system which is not wholly the image: both ends, without which no
// firmware starts anything, are wiped first and written last, once the hash of
// all bytes is the plan's, the seed is in its place and the firmware has taken
// its boot order; and to go on where it was when the appliance goes
// away and returns with the same image. Package agent/pid1 imports it, and
// simulators; it imports agent/report, agent/appliance, agent/blockdev,
// agent/patience, agent/plan, agent/gpt and agent/efiboot.
package install

import (
	"context"
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
	ends     *withheld // the disk, with its ends kept in memory
	name     string    // of the disk
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
