package jobs

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/agent/report"
	"firstlight/server/journal"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

// proven is what the boot of every machine of the rack has shown.
var proven = trust.Evidence{Token: trust.Proof{At: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), How: "key SHA256:abc from 10.80.12.7"}}

// Each secret that is let go has a row in the timeline and one in the audit.
func TestAReleaseIsAudited(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		if err := r.redeem(r.machine(), o); err != nil {
			t.Fatal(err)
		}
		all, err := r.db().Audits(t.Context(), serverdb.AuditQuery{Action: "release secret", Limit: 9})
		want := "install-plan on rung token by boot token at 2026-11-26T12:00:00Z (key SHA256:abc from 10.80.12.7)"
		if err != nil || len(all) != 1 || all[0].After != want || all[0].Target != r.machine().Name || all[0].Who != "agent" || all[0].Note != "job "+r.job().ID {
			t.Errorf("audit = %+v, %v; want one row: %s", all, err, want)
		}
		if rows := strings.Join(r.timeline(journal.Agent), "\n"); strings.Count(rows, "Let go the plan of an install, on the rung token") != 1 {
			t.Errorf("timeline:\n%s", rows)
		}
		if got := releases(t, r.engine(), trust.InstallPlan, trust.Token); got != 1 {
			t.Errorf("firstlight_secrets_released_total = %v, want 1", got)
		}
		r.wantRefused("a second Redeem()", r.redeem(r.machine(), o))
		if got := releases(t, r.engine(), trust.InstallPlan, trust.Token); got != 1 {
			t.Errorf("after a refusal firstlight_secrets_released_total = %v, want 1", got)
		}
	}, noBMC)
}

func releases(t *testing.T, e *Engine, secret trust.Secret, rung trust.Rung) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(e.let)
	families, err := registry.Gather()
	if err != nil || len(families) > 1 {
		t.Fatalf("metrics = %v, %v", families, err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if l := m.GetLabel(); l[0].GetValue() == rung.String() && l[1].GetValue() == string(secret) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// G-08: what a boot has not proven gets no secret, and leaves no trace of one.
func TestABootThatProvedTooLittleGetsNoPlan(t *testing.T) {
	for _, tt := range []struct {
		name   string
		shown  trust.Evidence
		policy trust.Policy
		says   string
	}{
		{"nothing shown", trust.Evidence{}, nil, "needs the rung token, and this boot has none: boot the machine from this appliance"},
		{"a robbed boot", trust.Evidence{Token: proven.Token, Contested: trust.TokenStolen}, nil, "another agent used the boot token"},
		{"a policy that asks more", proven, trust.Policy{trust.InstallPlan: trust.TPM}, "needs the rung tpm, and this boot has token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				o := r.ordered()
				r.engine().Policy = tt.policy
				_, err := r.engine().Redeem(t.Context(), r.machine(), tt.shown, report.Redeem{Order: o.ID, Token: o.Token})
				r.wantRefused("Redeem()", err)
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("Redeem() = %v, want %q", err, tt.says)
				}
				all, err := r.db().Audits(t.Context(), serverdb.AuditQuery{Action: "release secret", Limit: 9})
				if err != nil || len(all) != 0 || !r.job().Token.RedeemedAt.IsZero() || len(r.machine().Released) != 0 {
					t.Errorf("a refusal leaves %+v, %v and the token %+v", all, err, r.job().Token)
				}
				r.engine().Policy = nil
				if err := r.redeem(r.machine(), o); err != nil {
					t.Errorf("a boot that has proven itself = %v", err)
				}
			}, noBMC)
		})
	}
}

// An action of another package releases by the same call.
func TestEverySecretGoesThroughOneDoor(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.ordered()
		release := func(e trust.Evidence) error {
			return r.db().Do(t.Context(), func(w *serverdb.Write) error {
				return r.engine().Release(w, r.machine(), "j1", trust.BMCPassword, e)
			})
		}
		r.wantRefused("a BMC password on the rung token", release(proven))
		placed := proven
		placed.Position = trust.Proof{At: proven.Token.At, How: "sw3/23"}
		if err := release(placed); err != nil || releases(t, r.engine(), trust.BMCPassword, trust.Position) != 1 {
			t.Errorf("on the rung position = %v", err)
		}
	}, noBMC)
}
