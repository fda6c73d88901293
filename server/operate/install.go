package operate

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"firstlight/server/auth"
	"firstlight/server/jobs"
	"firstlight/server/machine"
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
	// Key makes the order repeatable: the same key from the same person is the
	// same order (Idempotency-Key).
	Key string
}

// DefaultRole names machines for which nobody said a role.
const DefaultRole = "node"

// paramKey is the job parameter that remembers an Order's Key.
const paramKey = "idempotency_key"

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
	Job     *machine.Job
	Err     error // why there is no job
}

// Order installs every machine that the target picks. An empty selection, or
// another number than expected, is refused as a whole.
func (d *Desk) Order(ctx context.Context, who auth.User, o Order) ([]Outcome, error) {
	if o.Key != "" {
		d.keyed.Lock()
		defer d.keyed.Unlock()
		if made, err := d.again(who, o); err != nil || len(made) > 0 {
			return made, err
		}
	}
	picked, err := d.pick(ctx, o)
	if err != nil {
		return nil, err
	}
	all := make([]Outcome, 0, len(picked))
	for _, m := range picked {
		j, err := d.install(ctx, who, m, o)
		all = append(all, Outcome{m, j, err})
	}
	return all, nil
}

// again finds what the same order made before. It looks at jobs, not at what
// the target picks now: "status=available" would pick other machines.
func (d *Desk) again(who auth.User, o Order) ([]Outcome, error) {
	var all []Outcome
	for _, j := range d.DB.Jobs(func(j *machine.Job) bool { return j.User == who.Name && j.Params[paramKey] == o.Key }) {
		if err := same(j, o); err != nil {
			return nil, err
		}
		m, err := d.DB.Machine(j.Machine)
		if err != nil {
			return nil, err
		}
		all = append(all, Outcome{Machine: m, Job: j})
	}
	if want := max(o.Expect, 1); len(all) > want {
		return nil, &Refused{Field: "expect", Value: strconv.Itoa(o.Expect), Why: fmt.Sprintf("this key ordered %d machines before", len(all)), Remedy: "send a new key with a new order"}
	}
	slices.SortFunc(all, func(x, y Outcome) int { return machine.CompareNames(x.Machine.Name, y.Machine.Name) })
	return all, nil
}

// pick finds the machines of an order. More than one must have been counted by
// whoever asks: a selector that picks too much must not install too much.
func (d *Desk) pick(ctx context.Context, o Order) ([]*machine.Machine, error) {
	sel, err := machine.ParseSelector(o.Target)
	if err != nil {
		return nil, err
	}
	if o.Target == "" {
		return nil, &Refused{Field: "target", Why: "picks every machine", Remedy: "say which, such as hardwarename=C0MPUT3"}
	}
	picked, err := d.DB.Select(ctx, sel)
	if err != nil {
		return nil, err
	}
	want := max(o.Expect, 1)
	switch {
	case len(picked) == 0:
		return nil, &Refused{Field: "target", Value: o.Target, Why: "picks no machine", Remedy: "see what it picks with: firstlight machine ls"}
	case len(picked) != want && o.Expect == 0:
		return nil, &Refused{Field: "target", Value: o.Target, Why: fmt.Sprintf("picks %d machines", len(picked)), Remedy: "narrow it to one, or say how many you expect"}
	case len(picked) != want:
		return nil, &Refused{Field: "expect", Value: strconv.Itoa(o.Expect), Why: fmt.Sprintf("the target picks %d machines", len(picked)), Remedy: "look at them again before you change the number"}
	}
	return picked, nil
}

func (d *Desk) install(ctx context.Context, who auth.User, m *machine.Machine, o Order) (*machine.Job, error) {
	m, by, err := d.allowed(who, m.ID, auth.Change)
	if err != nil {
		return nil, err
	}
	owner, err := ownerFor(who, m, o.Owner)
	if err != nil {
		return nil, err
	}
	r := jobs.Request{
		Machine: m, Image: o.Image, Role: o.Role, Owner: owner, Target: o.Target, Requester: o.Requester, User: who.Name, By: by,
	}
	if r.Role == "" {
		r.Role = d.role(m)
	}
	if r.Requester == "" {
		r.Requester = who.Name
	}
	if o.Key != "" {
		r.Params = map[string]string{paramKey: o.Key}
	}
	j, err := d.Jobs.Install(ctx, r)
	if err != nil {
		return nil, explain(err)
	}
	return j, nil
}

// same refuses a key that comes again with another order.
func same(j *machine.Job, o Order) error {
	if j.Params["image"] == o.Image && j.Target == o.Target {
		return nil
	}
	return &Refused{Field: "Idempotency-Key", Value: o.Key, Why: "was used for another order, job " + j.ID, Remedy: "send a new key with a new order"}
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
