package server

import (
	"context"
	"slices"
	"time"

	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/bootclock"
	"firstlight/server/bootpath"
	"firstlight/server/diagnosis"
	"firstlight/server/frame"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/server/replay"
	"firstlight/web"
)

// hands is the desk as the pages know it: they have words of their own for a
// list.
type hands struct{ *operate.Desk }

// Bring judges a list of machines that are expected, or writes it.
func (h hands) Bring(ctx context.Context, who auth.User, l web.List) (*web.Brought, error) {
	got, err := h.Import(ctx, who, operate.List{
		Text: l.Text, Map: l.Map, Delivery: l.Delivery, Site: l.Site, DryRun: l.DryRun, Partial: l.Partial, Create: l.Create,
	})
	if err != nil {
		return nil, err
	}
	return &web.Brought{Judgement: got.Judgement, Style: got.Read.Style, Headings: got.Read.Headings, Written: got.Written}, nil
}

// Bulk changes all machines that a selector picks, or none.
func (h hands) Bulk(ctx context.Context, who auth.User, b web.Bulk) (all []web.BulkVerdict, written bool, err error) {
	got, written, err := h.Desk.Bulk(ctx, who, operate.Bulk(b))
	for _, v := range got {
		all = append(all, web.BulkVerdict(v))
	}
	return all, written, err
}

// insight answers the pages what no record holds.
type insight struct {
	*operate.Desk
	a *Appliance
}

// Diff says whose boot a change would answer differently.
func (i insight) Diff(ctx context.Context, who auth.User, p web.Proposal) (*replay.Diff, error) {
	q := operate.Proposal{Rule: p.Rule, DropRule: p.DropRule, Subnet: p.Subnet, Options: p.Options}
	if p.Bulk != nil {
		b := operate.Bulk(*p.Bulk)
		q.Bulk = &b
	}
	return i.Desk.Diff(ctx, who, q, 0)
}

// Simulate says what a machine would be told if it booted from the network now.
func (i insight) Simulate(ctx context.Context, c web.BootClient) (*web.Simulation, error) {
	s, err := i.Desk.Simulate(ctx, operate.BootClient{Ref: c.Ref, Subnet: c.Subnet, Firmware: c.Firmware, Arch: c.Arch})
	if s == nil {
		return nil, err
	}
	told := &web.Simulation{Options: s.Options}
	for _, step := range s.Steps {
		told.Steps = append(told.Steps, web.BootStep(step))
	}
	if s.Boot != nil {
		told.Answer, told.Lines = &s.Boot.Answer, s.Boot.Lines()
	}
	return told, err
}

// Clock gives the stages of a machine's last boot beside what is usual.
func (i insight) Clock(ctx context.Context, m *machine.Machine, events []journal.Event) ([]bootclock.Stage, int) {
	c := i.ClockOf(ctx, m, events)
	return c.Stages, c.Peers
}

// Paths tells of a machine's last boots what was expected and what was seen.
func (i insight) Paths(m *machine.Machine, events []journal.Event) []bootpath.Path {
	return i.PathsOf(m, events)
}

// Diagnose says why a machine does not boot, by its newest events.
func (i insight) Diagnose(m *machine.Machine, events []journal.Event) []diagnosis.Diagnosis {
	return i.DiagnoseOf(m, events)
}

// Health says how each part is.
func (i insight) Health() []web.Check {
	var all []web.Check
	for _, s := range i.a.health.Check(context.Background()) {
		all = append(all, web.Check{Name: s.Name, State: string(s.State), Detail: s.Detail})
	}
	return all
}

// newDesk makes the one desk for what people and programs ask.
func (a *Appliance) newDesk() *operate.Desk {
	return operate.New(operate.Config{
		DB: a.db, Jobs: a.jobs, Gates: a.gates, Logins: a.keeper, Render: a.render, Backups: backups{a.db, a.Config.State, a.Config.Site.Name, a.Version},
		Offer: func(ctx context.Context, s *machine.Subnet, f boot.Firmware) (boot.Offer, error) {
			if s.Is6() {
				return a.dhcp6.Simulate(ctx, s, f)
			}
			return a.dhcp.Simulate(ctx, s, f)
		},
		Clocks: &a.clocks, Log: a.Log.With("part", "desk"), Now: time.Now,
		Packets:  func(all ...machine.MAC) []frame.Packet { return a.packets(all...) },
		Others:   a.otherServers,
		EraseKey: a.erasePublic(),
	})
}

// otherServers are those of both versions of DHCP that were heard beside us.
func (a *Appliance) otherServers() []machine.DHCPServer {
	return append(a.dhcp.OtherServers(), a.dhcp6.OtherServers()...)
}

// packets are those of both versions of DHCP, the oldest first.
func (a *Appliance) packets(of ...machine.MAC) []frame.Packet {
	all := append(a.dhcp.Packets(of...), a.dhcp6.Packets(of...)...)
	slices.SortStableFunc(all, func(a, b frame.Packet) int { return a.At.Compare(b.At) })
	return all
}

// render writes the script of an answer as a machine of the subnet gets it.
func (a *Appliance) render(req boot.Request, k boot.Known, answer boot.Answer, s *machine.Subnet) (string, error) {
	b, err := a.http.Render(req, k, answer, a.doorOf(a.on(s), a.secure.on() && req.Platform == "efi" && req.Stage != boot.StageGRUB))
	if err != nil {
		return "", err
	}
	return b.String(), nil
}
