package jobs

import (
	"context"
	"crypto/subtle"
	"fmt"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Home takes an installed system's call, once per install. A call that comes
// again, because our answer got lost, changes nothing.
func (e *Engine) Home(ctx context.Context, token string, h report.Home) error {
	hash := digest(token)
	for _, j := range e.DB.Jobs(func(j *machine.Job) bool { return j.Token.HomeHash != "" }) {
		if subtle.ConstantTimeCompare([]byte(j.Token.HomeHash), []byte(hash)) != 1 {
			continue
		}
		switch {
		case !j.Token.HomeAt.IsZero():
			return nil
		case j.Status.Open():
			return e.home(ctx, j, h)
		}
	}
	return fmt.Errorf("call home: no open install has this token: %w", boot.ErrRefused)
}

func (e *Engine) home(ctx context.Context, j *machine.Job, h report.Home) error {
	m, err := e.DB.Machine(j.Machine)
	if err != nil {
		return err
	}
	switch {
	case j.Token.WrittenAt.IsZero():
		return fmt.Errorf("call home of %s: its image is not acknowledged as written: %w", m.Name, boot.ErrRefused)
	case h.Hostname != m.Hostname:
		return e.misnamed(m, j, h)
	}
	err = e.DB.ChangeJob(ctx, j.ID, func(w *serverdb.Write, j *machine.Job) error {
		if !j.Status.Open() {
			return fmt.Errorf("call home of %s: job %s is %s: %w", m.Name, j.ID, j.Status, boot.ErrRefused)
		}
		j.Token.HomeAt = e.Now()
		return w.Event(journal.Event{
			Machine: m.ID, Source: journal.System, Job: j.ID, Text: fmt.Sprintf("%s is up: kernel %.64q", m.Hostname, h.Kernel),
		})
	})
	if err != nil {
		return err
	}
	e.DB.Observe(m.ID, func(o *machine.Observed) {
		o.HomeAt, o.CallAt, o.Waits, o.Progress = e.Now(), e.Now(), "", 0
	})
	return nil
}

// misnamed refuses a system that is not what was asked for. It keeps calling,
// because its name may only be on the way; one row tells of it.
func (e *Engine) misnamed(m *machine.Machine, j *machine.Job, h report.Home) error {
	text := fmt.Sprintf("The installed system calls itself %.64q, not %s", h.Hostname, m.Hostname)
	if e.agents.first(m.ID, "name "+text) {
		e.DB.Note(journal.Event{Machine: m.ID, Source: journal.System, Job: j.ID, Text: text})
	}
	return fmt.Errorf("%s: %w", text, boot.ErrRefused)
}
