package erase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firstlight/agent/passthrough"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// Bounds of what disks do by themselves.
const (
	longest  = 24 * time.Hour   // that a disk may take for a command, unless it says how long it will
	spare    = 30 * time.Minute // above twice what it says
	standing = 6 * time.Hour    // that a sanitize may stay at the same percentage
	poll     = 2 * time.Second
	word     = 10 * time.Second // between two words on a command that says nothing itself
)

// actions of the ways that sanitize.
var actions = map[string]uint32{
	report.EraseSanitizeCrypto: passthrough.SanitizeCrypto,
	report.EraseSanitizeBlock:  passthrough.SanitizeBlock,
	report.EraseSanitizeWrite:  passthrough.SanitizeOverwrite,
}

// goWay erases the disk in one way.
func (r *run) goWay(ctx context.Context, way string) error {
	r.tell(report.StepErase, way, 0)
	switch way {
	case report.EraseFormatCrypto:
		return r.format(ctx, way, passthrough.FormatCrypto)
	case report.EraseFormat:
		return r.format(ctx, way, passthrough.FormatErase)
	case report.EraseATAEnhanced:
		return r.secureErase(ctx, way, true)
	case report.EraseATA:
		return r.secureErase(ctx, way, false)
	case report.EraseOverwrite:
		return r.each(ctx, way, chunk, r.disk.Zero)
	case report.EraseDiscard:
		return r.each(ctx, way, 1<<30, r.disk.Discard)
	}
	if err := r.sanitize(actions[way]); err != nil {
		return err
	}
	_, err := r.settle(ctx, way)
	return err
}

// each does the same to all parts of a disk, from its first block to its last.
func (r *run) each(ctx context.Context, way string, part int64, do func(off, n int64) error) error {
	size := r.disk.Size()
	for off := int64(0); off < size; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n := min(part, size-off)
		if err := do(off, n); err != nil {
			return fmt.Errorf("at byte %d: %w", off, err)
		}
		off += n
		r.tell(report.StepErase, way, float64(off)/float64(size))
	}
	return nil
}

func (r *run) format(ctx context.Context, way string, setting uint32) error {
	door := r.disk.Door()
	namespace, err := door.Namespace()
	if err != nil {
		return err
	}
	layout, err := passthrough.IdentifyNamespace(door, namespace)
	if err != nil {
		return err
	}
	return r.command(ctx, way, longest, func() error { return passthrough.Format(door, namespace, layout, setting, longest) })
}

func (r *run) secureErase(ctx context.Context, way string, enhanced bool) error {
	a, err := passthrough.IdentifyATA(r.disk.Door())
	if err != nil {
		return err
	}
	within := a.Normal
	if enhanced {
		within = a.Enhanced
	}
	if within = 2*within + spare; within == spare {
		within = longest
	}
	return r.command(ctx, way, within, func() error { return passthrough.SecureErase(r.disk.Door(), a.Security, enhanced, within) })
}

// command waits for a command that tells nothing until it ends, and tells in its
// place that it runs: for as long as it may, so that whoever listens learns of one
// that hangs.
func (r *run) command(ctx context.Context, way string, within time.Duration, do func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- do() }()
	tick := time.NewTicker(word)
	defer tick.Stop()
	for began := time.Now(); ; {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if took := time.Since(began); took < within+spare {
				r.tell(report.StepErase, way, min(0.99, float64(took)/float64(within)))
			}
		}
	}
}

func (r *run) sanitize(action uint32) error {
	if r.found.Transport == nvme {
		return passthrough.Sanitize(r.disk.Door(), action)
	}
	return passthrough.SanitizeSCSI(r.disk.Door(), action)
}

func (r *run) sanitizeStatus() (passthrough.SanitizeState, error) {
	if r.found.Transport == nvme {
		return passthrough.SanitizeStatus(r.disk.Door())
	}
	return passthrough.SanitizeStatusSCSI(r.disk.Door())
}

// settle waits until no sanitize runs on the disk, and says how the last one ended.
func (r *run) settle(ctx context.Context, way string) (passthrough.SanitizeState, error) {
	moved, percent, failures := time.Now(), -1, 0
	for {
		s, err := r.sanitizeStatus()
		switch {
		case err != nil:
			if failures++; failures > 30 {
				return s, err
			}
		case s.State == passthrough.SanitizeDone || s.State == passthrough.SanitizeDoneToo:
			return s, nil
		case s.State != passthrough.SanitizeRuns:
			_ = r.sanitize(passthrough.SanitizeExit) // or nothing but a sanitize would be taken
			return s, fmt.Errorf("the disk says that its sanitize failed (state %d)", s.State)
		case s.Percent != percent:
			moved, percent, failures = time.Now(), s.Percent, 0
		case time.Since(moved) > standing:
			return s, fmt.Errorf("the disk's sanitize stands still at %d %% for %v", percent, standing)
		}
		if err == nil {
			r.tell(report.StepErase, way, float64(s.Percent)/100)
		}
		if err := patience.Wait(ctx, poll); err != nil {
			return s, err
		}
	}
}

var errNoWay = errors.New("the disk can be erased in no way that is allowed")
