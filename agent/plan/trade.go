package plan

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

// Trade asks for an order's plan until the appliance answers, or patience ends.
// When it died with the answer in its hand the token is spent, and the next answer
// is a refusal: nothing was written, and a new order comes.
func Trade[P any](ctx context.Context, redeem func(context.Context, report.Redeem) (P, error), o report.Order, patience time.Duration, log *slog.Logger) (P, error) {
	began := time.Now()
	for pauses := (Pauses{}); ; {
		p, err := redeem(ctx, report.Redeem{Order: o.ID, Token: o.Token})
		if err == nil || appliance.Refused(err) || ctx.Err() != nil || time.Since(began) > patience {
			return p, err
		}
		log.Warn("no answer to the token", "error", err)
		pauses.Rest(ctx)
	}
}

// LongPause is the longest pause between two attempts.
const LongPause = 5 * time.Second

// Pauses are those between two attempts at an appliance that does not answer.
type Pauses struct{ last time.Duration }

// Rest waits for the next one, of which the lower half is chance, so that the
// machines of a rack do not come back at the same moment.
func (p *Pauses) Rest(ctx context.Context) {
	p.last = min(max(2*p.last, 200*time.Millisecond), LongPause)
	select {
	case <-time.After(p.last/2 + rand.N(p.last/2)):
	case <-ctx.Done():
	}
}
