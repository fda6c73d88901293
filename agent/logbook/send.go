package logbook

import (
	"context"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// Tell gives a part of the log to the appliance.
type Tell func(ctx context.Context, l report.Log) error

const (
	// gather is how long a line waits for others before all are told: what happens
	// at once is one part then, and a machine calls no more often than this.
	gather = 2 * time.Second
	// longPause is the longest between two attempts. A log is in no hurry.
	longPause = time.Minute
)

// Send tells the appliance of the log until ctx ends. What it refuses for what it
// is, is let go: an appliance that is older than logs are told refuses all.
func (b *Book) Send(ctx context.Context, tell Tell) {
	for {
		select {
		case <-b.news:
		case <-ctx.Done():
			return
		}
		if patience.Wait(ctx, gather) != nil || b.drain(ctx, tell) != nil {
			return
		}
	}
}

// Flush tells of what there is while ctx lasts, once a Send that ran beside it was
// told to end: what that had on its way is told again, which counts once.
func (b *Book) Flush(ctx context.Context, tell Tell) {
	_ = b.drain(ctx, tell)
}

// drain tells of what there is, however long that takes.
func (b *Book) drain(ctx context.Context, tell Tell) error {
	select {
	case b.telling <- struct{}{}:
		defer func() { <-b.telling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for pauses := fresh(); ; {
		part, some := b.part()
		if !some {
			return nil
		}
		err := tell(ctx, part)
		switch {
		case err == nil || appliance.Unwanted(err):
			b.taken(part)
			pauses = fresh()
		default:
			if err := pauses.Rest(ctx); err != nil {
				return err
			}
		}
	}
}

func fresh() patience.Pauses { return patience.Pauses{First: gather, Longest: longPause} }
