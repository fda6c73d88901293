package operate

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"firstlight/server/auth"
	"firstlight/server/jobs"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Order asks for the installation of what a selector picks.
type Order struct {
	Target    string // selector
	Image     string
	Role      string // empty: the machine's, its rule's, or DefaultRole
	Owner     string
	Requester string // for whom; empty: for the one who asks
	// Expect is how many machines the target must pick; 0 stands for one.
	Expect int
	// Mode says what becomes of the others where one is refused, or that nothing
	// is made at all.
	Mode serverdb.Mode
}

// DefaultRole names machines for which nobody said a role.
const DefaultRole = "node"

// Install installs one machine by name.
func (d *Desk) Install(ctx context.Context, who auth.User, name, image string) (*machine.Job, error) {
	m, err := d.find(name)
	if err != nil {
		return nil, err
	}
	return d.install(ctx, who, m, Order{Target: "hardwarename=" + m.Name, Image: image})
}

// Outcome is what became of one machine of an order.
type Outcome struct {
	Machine *machine.Machine
	Job     *machine.Job // made, unless the order was refused or a dry run
	Err     error        // why there is no job
}

// Order makes a job for every machine that the target picks, in one transaction.
// An empty selection, or another number than expected, is refused as a whole.
// written tells whether any job was made.
func (d *Desk) Order(ctx context.Context, who auth.User, o Order) (all []Outcome, written bool, err error) {
	picked, err := d.pick(ctx, picking{"target", o.Target, "expect", o.Expect})
	if err != nil {
		return nil, false, err
	}
	all = make([]Outcome, len(picked))
	create := make(map[string]func(*serverdb.Write) error, len(picked))
	prepared := map[string]error{}
	for i, m := range picked {
		all[i].Machine = m
		all[i].Job, create[m.ID], prepared[m.ID] = d.prepare(ctx, who, m, o)
	}
	refused, written, err := d.DB.Each(ctx, picked, o.Mode, func(w *serverdb.Write, m *machine.Machine) error {
		if err := prepared[m.ID]; err != nil {
			return err
		}
		return create[m.ID](w)
	})
	for i := range refused {
		all[i].Err = explain(refused[i])
	}
	return all, written, err
}

// picking is a selector that somebody has counted.
type picking struct {
	field, selector string // of the request, and its value
	count           string // field of the request
	n               int    // 0: one, and nobody counted
}

// pick finds the machines of a request. More than one must have been counted by
// whoever asks: a selector that picks too much must not change too much.
func (d *Desk) pick(ctx context.Context, p picking) ([]*machine.Machine, error) {
	sel, err := machine.ParseSelector(p.selector)
	if err != nil {
		return nil, err
	}
	if p.selector == "" {
		return nil, &Refused{Field: p.field, Why: "picks every machine", Remedy: "say which, such as hardwarename=C0MPUT3"}
	}
	picked, err := d.DB.Select(ctx, sel)
	if err != nil {
		return nil, err
	}
	switch n := len(picked); {
	case n == 0:
		return nil, &Refused{Field: p.field, Value: p.selector, Why: "picks no machine", Remedy: "see what it picks with: firstlight machine ls"}
	case n > 1 && p.n == 0:
		return nil, &Refused{Field: p.field, Value: p.selector, Why: fmt.Sprintf("picks %d machines", n), Remedy: "narrow it to one, or say how many you expect"}
	case n != max(p.n, 1):
		return nil, &Refused{
			Field: p.count, Value: strconv.Itoa(p.n), Why: fmt.Sprintf("the %s picks %d machines, not %d, and nothing was changed", p.field, n, p.n),
			Remedy: "look at them again before you change the number", Conflict: true,
		}
	}
	return picked, nil
}

func (d *Desk) install(ctx context.Context, who auth.User, m *machine.Machine, o Order) (*machine.Job, error) {
	j, create, err := d.prepare(ctx, who, m, o)
	if err != nil {
		return nil, explain(err)
	}
	if err := d.DB.Do(ctx, create); err != nil {
		return nil, explain(err)
	}
	return j, nil
}

// prepare decides whether somebody may order, and gives the job that is made by
// create.
func (d *Desk) prepare(ctx context.Context, who auth.User, m *machine.Machine, o Order) (j *machine.Job, create func(*serverdb.Write) error, err error) {
	m, by, err := d.allowed(who, m.ID, auth.Change)
	if err != nil {
		return nil, nil, err
	}
	owner, err := ownerFor(who, m, o.Owner)
	if err != nil {
		return nil, nil, err
	}
	r := jobs.Request{
		Machine: m, Image: o.Image, Role: cmp.Or(o.Role, d.role(m)), Owner: owner, Target: o.Target, Requester: cmp.Or(o.Requester, who.Name), User: who.Name, By: by,
	}
	return d.Jobs.Prepare(ctx, r)
}

// role is what the machine, or the rule that accepted it, is for.
func (d *Desk) role(m *machine.Machine) string {
	if m.Role != "" {
		return m.Role
	}
	for _, r := range d.DB.Rules() {
		if r.Name == m.Rule && r.Role != "" {
			return r.Role
		}
	}
	return DefaultRole
}

// Cancel ends a job while its machine's disk is untouched.
func (d *Desk) Cancel(ctx context.Context, who auth.User, id string) error {
	j, err := d.DB.Job(id)
	if err != nil {
		return err
	}
	_, by, err := d.allowed(who, j.Machine, auth.Change)
	if err != nil {
		return err
	}
	return explain(d.Jobs.Cancel(ctx, id, by))
}
