package plan

import (
	"context"
	"log/slog"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// Trade asks for an order's plan until the appliance answers, or the time for it is over.
// When it died with the answer in its hand the token is spent, and the next answer
// is a refusal: nothing was written, and a new order comes.
func Trade[P any](ctx context.Context, redeem func(context.Context, report.Redeem) (P, error), o report.Order, within time.Duration, log *slog.Logger) (P, error) {
	began := time.Now()
	for pauses := (patience.Pauses{}); ; {
		p, err := redeem(ctx, report.Redeem{Order: o.ID, Token: o.Token})
		if err == nil || appliance.Refused(err) || ctx.Err() != nil || time.Since(began) > within {
			return p, err
		}
		log.Warn("no answer to the token", "error", err)
		_ = pauses.Rest(ctx)
	}
}
