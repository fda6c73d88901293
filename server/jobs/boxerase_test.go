package jobs

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/certificate"
	"firstlight/server/machine"
)

var eraseKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func sign(r *rack, s certificate.Statement) (string, error) {
	r.fuse.tick()
	s.Appliance = "lab"
	c, err := certificate.Sign(s, eraseKey)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(c)
	return string(text), err
}

// erase takes half a minute and goes on while the appliance is away.
func (b *box) erase(ctx context.Context, o report.Order) report.Result {
	l := b.r.up()
	if l == nil {
		return report.Result{Order: o.ID, Step: report.StepRedeem, Error: errAway.Error()}
	}
	m, _ := l.db.ByMAC(b.mac)
	got, err := l.engine.Redeem(l.ctx, m, proven, report.Redeem{Order: o.ID, Token: o.Token})
	if err = l.answered(err); err != nil {
		return report.Result{Order: o.ID, Step: report.StepRedeem, Error: err.Error()}
	}
	plan := got.(*report.ErasePlan)
	b.set(func(b *box) { b.erases++ })
	for i := range int64(10) {
		if !nap(ctx, 3*time.Second) {
			return report.Result{}
		}
		if l := b.r.up(); l != nil {
			m, _ := l.db.ByMAC(b.mac)
			l.engine.Heard(m)
			l.engine.Progress(m, report.Progress{Order: o.ID, Step: report.StepErase, Done: i, Total: 10})
		}
	}
	return b.erased(o, plan)
}

// erased is the answer of an agent that erased what the plan names.
func (b *box) erased(o report.Order, plan *report.ErasePlan) report.Result {
	res := report.Result{Order: o.ID, OK: true, Step: report.StepReadBack}
	for _, d := range plan.Disks {
		res.Erased = append(res.Erased, report.Erased{
			Disk: d, Model: "Box", OK: true, Method: report.EraseFormat, Read: 1 << 20, Fill: "00", Seconds: 30,
			Tried: []report.EraseTry{{Method: report.EraseSanitizeBlock, Error: "not supported"}},
		})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails != nil {
		b.fails(&res)
	}
	if res.OK {
		b.data, b.disk = false, ""
	}
	return res
}

// eraseIt asks for an erase, as a person would who typed the machine's name.
func (r *rack) eraseIt() *machine.Job {
	r.t.Helper()
	j, err := r.engine().Erase(r.t.Context(), EraseRequest{
		Machine: r.machine(), Target: "hardwarename=FL0001", Requester: "search", User: "ada", Confirmed: "ada typed its name",
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

// full brings a machine into the agent whose disks hold somebody's data.
func (r *rack) full() {
	r.t.Helper()
	r.box.set(func(b *box) {
		b.data = true
		b.disks = append(b.disks, report.Disk{Name: "vdb", Serial: "D0002", Model: "Box", Bytes: 1 << 34})
	})
	r.box.turn("on")
	r.untilStatus(machine.Held)
}

// certificates reads those of the machine's erases, and verifies each.
func (r *rack) certificates() []*certificate.Certificate { return r.certificatesOf(r.machine().ID) }

func (r *rack) certificatesOf(id string) (all []*certificate.Certificate) {
	r.t.Helper()
	jobs, err := r.db().Erases(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, j := range jobs {
		for _, e := range j.Erase.Done {
			if e.OK != (e.Certificate != "") {
				r.t.Errorf("disk %s is erased: %v, with certificate %q", e.Disk.Serial, e.OK, e.Certificate)
			}
			if !e.OK {
				continue
			}
			one, err := certificate.Read(strings.NewReader(e.Certificate))
			if err == nil {
				err = one[0].Verify(eraseKey.Public().(ed25519.PublicKey))
			}
			if err != nil {
				r.t.Fatal(err)
			}
			all = append(all, one...)
		}
	}
	return all
}
