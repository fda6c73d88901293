package operate

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/bundle"
	"firstlight/server/frame"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Bundled is how far back a bundle goes, unless told otherwise.
const Bundled = 24 * time.Hour

// maxBundled is how many rows of a journal a bundle has at most, the newest.
const maxBundled = 20000

// Bundle gathers what is known of a machine, or of a MAC that nobody knows, to be
// taken out of the house: everything that was seen, and how the appliance is set
// up for it, but no secret. Who took it stands in the audit.
func (d *Desk) Bundle(ctx context.Context, who auth.User, ref string, back time.Duration) (*bundle.Bundle, error) {
	now := d.Now().UTC()
	b := &bundle.Bundle{Head: bundle.Head{At: now, Since: now.Add(-cmp.Or(back, Bundled)), About: ref}}
	m, err := d.find(ref)
	if err == nil {
		err = d.bundleMachine(ctx, b, m)
	} else if mac, bad := machine.ParseMAC(ref); bad == nil && errors.Is(err, machine.ErrNotFound) {
		b.About, b.MAC = mac.String(), mac
		b.Events, err = d.DB.EventsOfMAC(ctx, mac, maxBundled)
	}
	if err != nil {
		return nil, err
	}
	b.Events = slices.DeleteFunc(b.Events, func(e journal.Event) bool { return latest(&e).Before(b.Since) })
	slices.Reverse(b.Events)
	if b.Packets, err = d.Packets(ref); err != nil {
		return nil, err
	}
	b.Packets = slices.DeleteFunc(b.Packets, func(p frame.Packet) bool { return p.At.Before(b.Since) })
	if err := decisions(b); err != nil {
		return nil, err
	}
	d.bundleSetup(b)
	return b, d.DB.RecordAudit(ctx, serverdb.ActorOf(who), "bundle", b.About, "", "since "+b.Since.Format(time.RFC3339))
}

// latest is when a row was seen last.
func latest(e *journal.Event) time.Time {
	if e.LastAt.After(e.At) {
		return e.LastAt
	}
	return e.At
}

func (d *Desk) bundleMachine(ctx context.Context, b *bundle.Bundle, m *machine.Machine) (err error) {
	full, err := d.DB.Full(ctx, m)
	if err != nil {
		return err
	}
	// Parameters are for configuration management, where people keep passwords.
	own := full.Clone()
	own.Params = nil
	b.About, b.MAC, b.Machine = m.Name, m.BootMAC(), own
	if b.History, err = d.DB.History(ctx, m.ID); err != nil {
		return err
	}
	b.Events, err = d.DB.Timeline(ctx, m.ID, 0, maxBundled)
	return err
}

// decisions takes them out of the rows, where they are text within text.
func decisions(b *bundle.Bundle) error {
	for i, e := range b.Events {
		text := e.Details[journal.DetailInputs]
		if text == "" {
			continue
		}
		r, err := boot.ReadRecord(text)
		if err != nil {
			return err
		}
		b.Decisions = append(b.Decisions, bundle.Decision{At: e.At, Record: r})
		delete(b.Events[i].Details, journal.DetailInputs)
	}
	return nil
}

// bundleSetup adds the subnets that the machine was seen on, the options that
// apply to it there, and the rules.
func (d *Desk) bundleSetup(b *bundle.Bundle) {
	seen := map[string]bool{}
	for _, e := range b.Events {
		seen[e.Details["subnet"]] = true
	}
	for _, r := range b.Decisions {
		seen[r.Request.Subnet] = true
	}
	if s := d.leased(b.MAC); s != nil {
		seen[s.Name] = true
	}
	for _, s := range d.DB.Subnets() {
		if seen[s.Name] {
			b.Subnets = append(b.Subnets, s)
		}
	}
	applies := map[string]bool{}
	for _, s := range b.Subnets {
		for _, set := range d.DB.DHCPOptions().Explain(s.Name, b.Machine) {
			applies[set.Name] = true
		}
	}
	b.Options = slices.DeleteFunc(d.DB.OptionSets(), func(o *machine.OptionSet) bool { return !applies[o.Name] })
	b.Rules = d.DB.Rules()
}
