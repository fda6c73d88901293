package operate

import (
	"context"
	"errors"
	"slices"
	"time"

	"firstlight/server/diagnosis"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Diagnose says why a machine, or a MAC that nobody knows, does not boot: the
// rules that open issues, on the same rows. Nothing is wrong with most.
func (d *Desk) Diagnose(ctx context.Context, ref string) ([]diagnosis.Diagnosis, error) {
	m, err := d.find(ref)
	if errors.Is(err, machine.ErrNotFound) {
		mac, bad := machine.ParseMAC(ref)
		if bad != nil {
			return nil, err
		}
		rows, err := d.DB.EventsOfMAC(ctx, mac, clockEvents)
		return d.DiagnoseOf(nil, rows), err
	}
	if err != nil {
		return nil, err
	}
	rows, err := d.DB.Timeline(ctx, m.ID, 0, clockEvents)
	return d.DiagnoseOf(m, rows), err
}

// DiagnoseOf is Diagnose for whoever has read the newest events, newest first; m
// is nil where nobody knows the machine.
func (d *Desk) DiagnoseOf(m *machine.Machine, newest []journal.Event) []diagnosis.Diagnosis {
	if len(newest) == 0 {
		return nil
	}
	in := &diagnosis.Input{Now: d.Now(), Events: newest, Machine: m}
	at := slices.IndexFunc(newest, func(e journal.Event) bool { return e.Details["subnet"] != "" })
	if at >= 0 {
		in.Servers = machine.ServersOn(d.Others(), newest[at].Details["subnet"])
	}
	if m != nil {
		in.Usual = func(stage string) time.Duration { return d.Clocks.Of(m.Product, m.ID, stage) }
	}
	return diagnosis.Of(in)
}
