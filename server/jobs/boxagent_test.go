package jobs

import (
	"context"
	"net/netip"
	"regexp"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

func (b *box) report(bootID string) *report.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	disks := append([]report.Disk(nil), b.disks...)
	if b.disk != "" && len(disks) > 0 {
		disks[0].Contents = []report.Content{{Device: "vda", Kind: "partition-table", Type: "gpt"}}
	}
	for i := range disks {
		if b.data {
			disks[i].Contents = []report.Content{{Device: disks[i].Name, Kind: "filesystem", Type: "ext4", Label: "pgdata", Used: 412e9}}
		}
	}
	var inBand *report.BMC
	if b.users != nil {
		inBand = &report.BMC{Source: "ipmi", Address: "10.1.0.7"}
	}
	return &report.Report{
		BMC:     inBand,
		Version: report.Version, Boot: report.Boot{ID: bootID, MAC: b.mac.String(), Platform: "bios"},
		System: report.System{Vendor: "Firstlight", Product: "VR-1", Serial: "FL0001", UUID: "11111111-0000-0000-0000-000000000001"},
		Disks:  disks, NICs: []report.NIC{{Name: "eth0", MAC: b.mac.String()}},
	}
}

// agent reports and obeys until an order ends its life.
func (b *box) agent(ctx context.Context, bootID string) {
	if b.mute {
		return
	}
	err := b.tell(ctx, bootID)
	for seen := ""; err == nil; {
		var o *report.Order
		err = b.insist(ctx, func(l *life) (err error) {
			o, err = b.poll(l, seen)
			return err
		})
		if o == nil {
			if !nap(ctx, time.Second) {
				return
			}
			continue
		}
		seen = o.ID
		if o.Action == report.ActionReport {
			err = b.tell(ctx, bootID)
			continue
		}
		if b.obey(ctx, *o) {
			b.press()
			return
		}
	}
}

// tell reports until the appliance takes it.
func (b *box) tell(ctx context.Context, bootID string) error {
	return b.insist(ctx, func(l *life) error {
		m, err := l.db.Report(l.ctx, b.report(bootID), netip.MustParseAddr("10.80.12.100"))
		if err != nil {
			return err
		}
		l.db.Observe(m.ID, func(o *machine.Observed) { o.CallAt, o.AgentBoot = b.r.now(), bootID })
		return l.engine.Reported(l.ctx, m, bootID)
	})
}

func (b *box) poll(l *life, seen string) (*report.Order, error) {
	m, ok := l.db.ByMAC(b.mac)
	if !ok { // it is retired
		return nil, nil
	}
	l.engine.Heard(m)
	b.mu.Lock()
	idle := b.idle
	b.mu.Unlock()
	if idle {
		return nil, nil
	}
	o, err := l.engine.Order(l.ctx, m, seen)
	if o != nil {
		b.mu.Lock()
		b.orders = append(b.orders, o)
		b.mu.Unlock()
	}
	return o, err
}

// obey carries out an order; true ends the agent's life.
func (b *box) obey(ctx context.Context, o report.Order) (reboot bool) {
	if o.Action == report.ActionReboot {
		return true
	}
	res := report.Result{Order: o.ID, OK: true}
	b.mu.Lock()
	broken := b.broken
	b.mu.Unlock()
	if broken != nil {
		if r := broken(b, o); r != nil {
			res = *r
		}
	}
	switch {
	case !res.OK:
	case o.Action == report.ActionBMC:
		res = b.control(ctx, o)
	case o.Action == report.ActionCheck:
		res = b.check(ctx, o)
	case o.Action == report.ActionErase:
		res = b.erase(ctx, o)
	default:
		res = b.write(ctx, o)
	}
	err := b.insist(ctx, func(l *life) error {
		m, _ := l.db.ByMAC(b.mac)
		l.engine.Heard(m)
		return l.engine.Result(l.ctx, m, res)
	})
	return err == nil && res.OK && o.Action == report.ActionInstall
}

func (b *box) redeem(o report.Order) (*report.Plan, error) {
	l := b.r.up()
	if l == nil {
		return nil, errAway
	}
	m, _ := l.db.ByMAC(b.mac)
	got, err := l.engine.Redeem(l.ctx, m, proven, report.Redeem{Order: o.ID, Token: o.Token})
	plan, _ := got.(*report.Plan)
	return plan, l.answered(err)
}

var homeToken = regexp.MustCompile(`/home/v1/([A-Za-z0-9_-]+)`)

// write takes half a minute and goes on while the appliance is away, as the
// agent does that asks for the rest of its image.
func (b *box) write(ctx context.Context, o report.Order) report.Result {
	plan, err := b.redeem(o)
	if err != nil {
		return report.Result{Order: o.ID, Step: report.StepRedeem, Error: err.Error()}
	}
	b.put("half", "")
	for i := range int64(10) {
		if !nap(ctx, 3*time.Second) {
			return report.Result{}
		}
		if l := b.r.up(); l != nil {
			m, _ := l.db.ByMAC(b.mac)
			l.engine.Heard(m)
			l.engine.Progress(m, report.Progress{Order: o.ID, Step: report.StepWrite, Done: i, Total: 10})
		}
	}
	b.put("image", homeToken.FindStringSubmatch(plan.Seed["user-data"])[1])
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.name == "" {
		b.name = plan.Host
	}
	return report.Result{Order: o.ID, OK: true}
}

func (b *box) put(disk, home string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.disk, b.home = disk, home
	if disk == "half" {
		b.writes++
	}
}
