package storm

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// meter boots one machine again and again while the others are off: what an
// appliance takes that has nothing else to do.
type meter struct {
	wires   *wires
	node    *node
	process func() int // of the appliance; nil: not on this host
}

const (
	idleBoots = 20
	// calm is how many boots in a row must be quick for the storm to be over.
	calm = 5
	// unrested bounds how long that is waited for.
	unrested = time.Minute
	// slack is what the scheduler of a machine with two busy processors may add.
	slack = 20 * time.Millisecond
)

// idle is the slowest of some boots, after a first one that wakes everything.
func (g *meter) idle(ctx context.Context) (slowest time.Duration, err error) {
	for i := range idleBoots {
		c := g.wires.boot(ctx, g.node)
		if c.err != nil {
			return 0, fmt.Errorf("a machine alone fails in %s: %w", stageNames[c.failed], c.err)
		}
		if i > 0 {
			slowest = max(slowest, c.total())
		}
	}
	return slowest, nil
}

// recovery is how long it takes until a boot is as quick again as it was idle.
func (g *meter) recovery(ctx context.Context, idle time.Duration) (took time.Duration, ok bool, err error) {
	began, quick := time.Now(), 0
	for time.Since(began) < unrested {
		start := time.Now()
		c := g.wires.boot(ctx, g.node)
		if ctx.Err() != nil {
			return 0, false, ctx.Err()
		}
		if c.err != nil || c.total() > 2*idle+slack {
			quick = 0
			continue
		}
		if quick == 0 {
			took = start.Sub(began)
		}
		if quick++; quick == calm {
			return took, true, nil
		}
	}
	return time.Since(began), false, nil
}

// resetPeak makes the kernel forget how large the appliance was.
func (g *meter) resetPeak() error {
	if g.process == nil {
		return nil
	}
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", g.process()), []byte("5"), 0)
}

// peak is the most memory that the appliance had since, in bytes; 0 where it is
// not on this host.
func (g *meter) peak() (int64, error) {
	if g.process == nil {
		return 0, nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.process()))
	if err != nil {
		return 0, fmt.Errorf("the appliance's memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		var kB int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kB); err == nil {
			return kB << 10, nil
		}
	}
	return 0, fmt.Errorf("the kernel says nothing of the memory of process %d", g.process())
}
