package jobs

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

// Release lets a secret go to a machine's agent, or refuses with boot.ErrRefused
// and the reason. It belongs into the write that marks the token of the order as
// used, so that there is no secret without its rows in the timeline and the
// audit. Every action whose redemption holds a secret goes through it.
func (e *Engine) Release(w *serverdb.Write, m *machine.Machine, job string, secret trust.Secret, shown trust.Evidence) error {
	if ok, why := trust.May(secret, shown, e.Policy); !ok {
		return fmt.Errorf("%w: machine %s: %s", boot.ErrRefused, m.Name, why)
	}
	rung := shown.Rung()
	err := w.Event(journal.Event{
		Machine: m.ID, Source: journal.Agent, Job: job, Text: fmt.Sprintf("Let go %s, on the rung %s", secret.Human(), rung),
		Details: map[string]string{"secret": string(secret), "rung": rung.String(), "needs": e.Policy.Needs(secret).String(), "evidence": shown.String()},
	})
	if err != nil {
		return err
	}
	err = w.Audit(serverdb.Actor{Name: whoAgent, Note: "job " + job}, "release secret", m.Name, "", fmt.Sprintf("%s on rung %s by %s", secret, rung, shown))
	if err != nil {
		return err
	}
	w.After(func() { e.let.WithLabelValues(string(secret), rung.String()).Inc() })
	return nil
}

func newReleased() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "firstlight_secrets_released_total", Help: "Secrets that agents were given, by kind and by how far the boot had proven itself.",
	}, []string{"secret", "rung"})
}
