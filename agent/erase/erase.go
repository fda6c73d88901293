package erase

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/agent/passthrough"
	"firstlight/agent/plan"
	"firstlight/agent/report"

	"golang.org/x/sync/errgroup"
)

// together is how many controllers work at the same time: each needs memory.
const together = 32

// run is one disk of an erase on its way.
type run struct {
	*Eraser
	board  *board
	index  int // in the plan
	target report.Target
	found  report.Disk
	disk   Disk
	before sample
}

// Erase carries out an order: what became of each disk of the plan, and the step
// that it ended in. Without a word on the disks
// nothing was written. It calls progress from one goroutine at a time.
func (e *Eraser) Erase(ctx context.Context, o report.Order, progress func(report.Progress)) ([]report.Erased, string, error) {
	progress(report.Progress{Step: report.StepRedeem})
	p, err := plan.Trade(ctx, e.Appliance.RedeemErase, o, e.Patience, e.Log)
	if err != nil {
		return nil, report.StepRedeem, fmt.Errorf("redeem the token: %w", err)
	}
	if err := check(p); err != nil {
		return nil, report.StepRedeem, err
	}
	runs, err := e.open(p, progress)
	defer closeAll(runs)
	if err != nil {
		return nil, report.StepRedeem, err
	}
	erased := e.all(ctx, runs, p.Weakest)
	if err := cmp.Or(ctx.Err(), verdict(runs, erased)); err != nil {
		return erased, report.StepErase, err
	}
	return erased, report.StepReadBack, nil
}

// check refuses a plan that could not be carried out as it is meant.
func check(p report.ErasePlan) error {
	if len(p.Disks) == 0 {
		return errors.New("the plan names no disk")
	}
	if p.Weakest != "" && !slices.Contains(strength, p.Weakest) {
		return fmt.Errorf("the plan's weakest way is %q: want one of %s", p.Weakest, strings.Join(strength, ", "))
	}
	for i, t := range p.Disks {
		if slices.Contains(p.Disks[:i], t) {
			return fmt.Errorf("the plan names the disk %q twice", t.Serial)
		}
	}
	return nil
}

// open opens all of the plan's disks, or none that it leaves open for more than a
// moment. All are found before the first is opened, and each is asked for again by
// its name once that name cannot become another disk's.
func (e *Eraser) open(p report.ErasePlan, progress func(report.Progress)) ([]*run, error) {
	b := &board{progress: progress}
	var runs []*run
	disks := e.Disks()
	for i, t := range p.Disks {
		d, err := plan.Find(disks, t)
		if err != nil {
			return nil, err
		}
		runs = append(runs, &run{Eraser: e, board: b, index: i, target: t, found: d})
		b.lines = append(b.lines, line{name: d.Name, bytes: int64(t.Bytes), step: report.StepErase})
	}
	for _, r := range runs {
		d, err := e.Open(r.found.Name)
		if err != nil {
			return runs, fmt.Errorf("open %s (%s) for writing: %w", r.found.Name, r.target.Serial, err)
		}
		if r.disk = d; uint64(d.Size()) != r.target.Bytes {
			return runs, fmt.Errorf("%s has %d bytes now that it is open, and %d in the plan", r.found.Name, d.Size(), r.target.Bytes)
		}
	}
	disks = e.Disks()
	for _, r := range runs {
		if d, err := plan.Find(disks, r.target); err != nil {
			return runs, err
		} else if d.Name != r.found.Name {
			return runs, fmt.Errorf("the disk %q was %s, and is %s now that it is open", r.target.Serial, r.found.Name, d.Name)
		}
	}
	return runs, nil
}

func closeAll(runs []*run) {
	for _, r := range runs {
		if r.disk == nil {
			continue
		}
		if err := r.disk.Close(); err != nil {
			r.Log.Warn("disk not closed", "disk", r.found.Name, "error", err)
		}
	}
}

// all erases disks at the same time, but for those of one controller: what it does
// to all of its namespaces must not come between two steps of another's.
func (e *Eraser) all(ctx context.Context, runs []*run, weakest string) []report.Erased {
	groups := map[string][]*run{}
	for _, r := range runs {
		key := passthrough.ControllerOf(r.found.Name)
		groups[key] = append(groups[key], r)
	}
	erased := make([]report.Erased, len(runs))
	var g errgroup.Group
	g.SetLimit(together)
	for _, group := range groups {
		g.Go(func() error {
			for _, r := range group {
				erased[r.index] = r.erase(ctx, len(group), weakest)
			}
			return nil
		})
	}
	_ = g.Wait() // each disk has its own word on its end
	return erased
}

// erase brings one disk to its end.
func (r *run) erase(ctx context.Context, named int, weakest string) report.Erased {
	began := time.Now()
	out := report.Erased{Disk: r.target, Model: r.found.Model, WWN: r.found.WWN, Transport: r.found.Transport}
	can := r.probe(named)
	ways, barred := Choose(can, weakest)
	r.Log.Info("erases", "disk", r.found.Name, "serial", r.target.Serial, "ways", ways, "barred", len(barred))
	out.Tried = barred
	way, p, err := r.find(ctx, can, ways, &out.Tried)
	out.OK, out.Read, out.Whole, out.Fill = err == nil, covered(p.places), p.whole, p.fill
	out.Seconds = time.Since(began).Seconds()
	if err != nil {
		out.Error = err.Error()
		r.Log.Error("not erased", "disk", r.found.Name, "serial", r.target.Serial, "error", err)
	} else {
		out.Method = way
		r.Log.Info("erased", "disk", r.found.Name, "serial", r.target.Serial, "method", way, "read", out.Read, "whole", p.whole, "fill", p.fill)
	}
	if err := r.disk.Reread(); err != nil {
		r.Log.Info("partitions not read again", "disk", r.found.Name, "error", err)
	}
	r.board.end(r.index)
	return out
}

// find goes the ways in their order until the disk is proven to be erased.
func (r *run) find(ctx context.Context, can Can, ways []string, tried *[]report.EraseTry) (string, proof, error) {
	last := errNoWay
	if can.SanitizeCrypto || can.SanitizeBlock || can.SanitizeWrite {
		if way, p, err := r.meanwhile(ctx, ways); way != "" && err == nil {
			return way, p, nil
		} else if way != "" {
			*tried = append(*tried, report.EraseTry{Method: way, Error: err.Error()})
		}
	}
	var err error
	if r.before, err = remember(ctx, r.disk); err != nil {
		return "", proof{}, err
	}
	for _, way := range ways {
		err := r.goWay(ctx, way)
		var p proof
		if err == nil {
			p, err = r.prove(ctx, way)
		}
		if err == nil || ctx.Err() != nil {
			return way, p, err
		}
		if errors.Is(err, errors.ErrUnsupported) {
			continue // it was no way of this disk's
		}
		r.Log.Warn("a way to erase failed", "disk", r.found.Name, "method", way, "error", err)
		*tried = append(*tried, report.EraseTry{Method: way, Error: err.Error()})
		last = fmt.Errorf("%s: %w", way, err)
	}
	return "", proof{}, last
}

// meanwhile waits for a sanitize that an earlier order began, which counts like one
// of ours if it is one that the plan allows: "" is that there was none.
func (r *run) meanwhile(ctx context.Context, ways []string) (string, proof, error) {
	s, err := r.sanitizeStatus()
	if err == nil && s.State == passthrough.SanitizeFailed {
		_ = r.sanitize(passthrough.SanitizeExit) // or nothing but a sanitize would be taken
	}
	if err != nil || s.State != passthrough.SanitizeRuns {
		return "", proof{}, nil
	}
	r.Log.Info("waits for a sanitize that runs already", "disk", r.found.Name)
	s, err = r.settle(ctx, "sanitize")
	for _, way := range ways {
		if actions[way] == 0 || actions[way] != s.Action {
			continue
		}
		if err != nil {
			return way, proof{}, err
		}
		r.before.places = places(r.disk)
		p, err := r.prove(ctx, way)
		return way, p, err
	}
	return "", proof{}, nil
}

func (r *run) tell(step, way string, done float64) { r.board.set(r.index, step, way, done) }

// verdict is the first failure in a sentence, with how many there are.
func verdict(runs []*run, erased []report.Erased) error {
	var failed []string
	for i, d := range erased {
		if !d.OK {
			failed = append(failed, fmt.Sprintf("%s (%s): %s", runs[i].found.Name, d.Disk.Serial, d.Error))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d disks not erased, first %s", len(failed), len(erased), failed[0])
}
