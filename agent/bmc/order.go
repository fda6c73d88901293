package bmc

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"firstlight/agent/plan"
	"firstlight/agent/report"
)

// Redeemer trades the token of an order for its plan.
type Redeemer interface {
	RedeemBMC(ctx context.Context, r report.Redeem) (report.BMCPlan, error)
}

// Controller carries out orders about the BMC. All fields are required.
type Controller struct {
	Appliance Redeemer
	Device    string
	Log       *slog.Logger
	Patience  time.Duration // for the answer to a token
}

// Control carries out an order; the step where it stopped comes with an error.
func (c *Controller) Control(ctx context.Context, o report.Order, progress func(report.Progress)) (step string, err error) {
	if o.Retire != "" {
		progress(report.Progress{Step: report.StepBMC})
		return report.StepBMC, Retire(c.Device, o.Retire)
	}
	progress(report.Progress{Step: report.StepRedeem})
	p, err := plan.Trade(ctx, c.Appliance.RedeemBMC, o, c.Patience, c.Log)
	if err != nil {
		return report.StepRedeem, fmt.Errorf("redeem the token: %w", err)
	}
	progress(report.Progress{Step: report.StepBMC})
	return report.StepBMC, Control(c.Device, p)
}
