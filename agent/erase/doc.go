// Package erase leaves nothing of what was on the disks that an order's plan names.
//
// It promises, in this order of importance: never to open for writing a disk that
// the plan does not name by serial and size; to begin with none of the plan's disks
// while one is missing, is there twice or is in use; to touch no namespace of an
// NVMe disk that the plan does not name; and to call a disk erased only after it was
// read back: both ends, where tables and superblocks lie, and a block at random in
// each stretch of it, or all of it where there is time. A disk that says that it is
// done and is not goes the next weaker way, and has failed at last. What was cut
// off begins anew with the next order; a disk that erases itself meanwhile is waited
// for. Package agent/pid1 imports it, and simulators; it imports agent/report,
// agent/blockdev, agent/gpt, agent/passthrough, agent/patience and agent/plan.
package erase

import (
	"context"
	"io"
	"log/slog"
	"time"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

// Appliance is what an erase asks of the appliance.
type Appliance interface {
	RedeemErase(ctx context.Context, r report.Redeem) (report.ErasePlan, error)
}

// Disk is a disk that was opened for writing.
type Disk interface {
	io.ReaderAt
	Size() int64
	Zero(off, n int64) error    // writes zeros; a promise of the disk to read as zeros is not enough
	Discard(off, n int64) error // gives blocks back; errors.ErrUnsupported where it cannot
	Sync() error                // all is on the medium, and what is read from now on comes from there
	Reread() error              // lets the kernel read the partition table anew
	Door() passthrough.Door     // nil: there is nothing below the block layer
	Close() error
}

// Eraser erases disks of one machine. All fields are required.
type Eraser struct {
	Appliance Appliance
	Disks     func() []report.Disk // what there is at this moment
	Open      func(name string) (Disk, error)
	Log       *slog.Logger
	Patience  time.Duration // of the appliance's answer to the token
	// Whole is how long reading back all of a disk may take, where it need not be.
	Whole time.Duration
}
