package check

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"firstlight/agent/passthrough"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// asking is the pause between two looks at a self-test.
const asking = 2 * time.Second

// controller is what tests itself: an NVMe controller with all its namespaces, or
// one disk.
type controller struct {
	disks []report.Disk

	mu      sync.Mutex
	outcome passthrough.Tested
	refused error
	took    time.Duration
}

// diskSelfTest has each disk carry out its own short test.
func (r *run) diskSelfTest(ctx context.Context) []report.Measured {
	if len(r.facts.Disks) == 0 {
		return []report.Measured{untested(report.TestDiskSelf, "", "the machine has no disk")}
	}
	var all []*controller
	known := map[string]*controller{}
	for _, d := range r.facts.Disks {
		name := passthrough.ControllerOf(d.Name)
		if known[name] == nil {
			known[name] = &controller{refused: errors.New("it does not answer")}
			all = append(all, known[name])
		}
		known[name].disks = append(known[name].disks, d)
	}
	var workers sync.WaitGroup
	for _, c := range all {
		workers.Go(func() {
			began := time.Now()
			outcome, err := r.testItself(ctx, c.disks[0])
			c.mu.Lock()
			defer c.mu.Unlock()
			c.outcome, c.refused, c.took = outcome, err, time.Since(began)
		})
	}
	finish(ctx, &workers)
	var out []report.Measured
	for _, c := range all {
		out = append(out, c.result()...)
	}
	return out
}

func (c *controller) result() []report.Measured {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []report.Measured
	for _, d := range c.disks {
		m := report.Measured{Test: report.TestDiskSelf, Metric: report.MetricOutcome, Part: identity(d), Seconds: c.took.Seconds()}
		switch {
		case c.refused != nil:
			m = untested(report.TestDiskSelf, m.Part, fmt.Sprintf("%s: %v", d.Name, c.refused))
		case c.outcome.State == passthrough.TestFailed:
			m.Value, m.Error = 1, fmt.Sprintf("the self-test of %s failed: %s", d.Name, c.outcome.Why)
		case c.outcome.State != passthrough.TestPassed:
			m = untested(report.TestDiskSelf, m.Part, fmt.Sprintf("%s does not say how its self-test ended (%v: %s)", d.Name, c.outcome.State, c.outcome.Why))
		}
		all = append(all, m)
	}
	return all
}

// testItself begins a test, and waits for its end. One that takes longer than there
// is time is ended: it would hold up whoever wants the disk next.
func (r *run) testItself(ctx context.Context, d report.Disk) (passthrough.Tested, error) {
	var none passthrough.Tested
	disk, err := r.Open(d.Name)
	if err != nil {
		return none, err
	}
	defer disk.Close() //nolint:errcheck // it was only read
	t, err := selfTest(disk.Door(), d.Transport)
	if err != nil {
		return none, err
	}
	if is, err := t.Status(); err == nil && is.State == passthrough.TestRuns {
		return none, errors.New("another self-test runs")
	}
	if err := t.Start(); err != nil {
		return none, err
	}
	for failures := 0; ; {
		if patience.Wait(ctx, asking) != nil {
			if err := t.Abort(); err != nil {
				return none, fmt.Errorf("its self-test did not end in time, and could not be ended: %w", err)
			}
			return none, errors.New("its self-test did not end in time, and was ended")
		}
		is, err := t.Status()
		switch {
		case err == nil && is.State != passthrough.TestRuns:
			return is, nil
		case err == nil:
			failures = 0
		default:
			if failures++; failures == hopeless {
				return none, err
			}
		}
	}
}

// selfTest finds the test that a disk has. SATA disks hang on SAS controllers too,
// and others refuse ATA's commands.
func selfTest(door passthrough.Door, transport string) (passthrough.SelfTest, error) {
	if door == nil {
		return nil, errors.New("nothing of it can be asked")
	}
	switch transport {
	case "nvme":
		return passthrough.NVMeSelfTest(door)
	case "sata":
		return passthrough.ATASelfTest(door)
	case "sas":
		if t, err := passthrough.ATASelfTest(door); err == nil {
			return t, nil
		}
		return passthrough.SCSISelfTest(door)
	case "scsi", "fc", "iscsi":
		return passthrough.SCSISelfTest(door)
	}
	return nil, fmt.Errorf("disks by %s have no self-test", transport)
}
