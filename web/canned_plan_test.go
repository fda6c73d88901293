package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/operate"
)

var planRole = operate.PlanRole

// cannedPlan is what the canned machines rest on.
func cannedPlan(c *canned) {
	for _, p := range []machine.Plan{
		&machine.Site{Name: "lon6", Title: "London 6", Note: "Badge at the desk.\nBring the torch."}, &machine.Site{Name: "ams1", Title: "Amsterdam"},
		&machine.Room{Name: "lon6-hall-1", Site: "lon6", Title: "Hall 1"},
		&machine.Rack{Name: "r12", Site: "lon6", Room: "lon6-hall-1", Units: 42}, &machine.Rack{Name: "r13", Site: "lon6", Units: 48, Note: "no second feed"},
		&machine.HardwareType{
			Name: "high-io", Title: "R740xd with NVMe", Vendor: "Dell*", Product: "PowerEdge R740xd", Height: 2, Sockets: 2, Cores: 24, Memory: 256 << 30, DIMMs: 16,
			Disks: []machine.DiskSpec{{Count: 4, Bytes: 1_920e9, Transport: "nvme"}}, NICs: 2, Mbps: 25000,
		},
		&machine.Team{Name: "search-infra", Title: "Search infrastructure", Contact: "#search-infra"}, &machine.Team{Name: "web"},
		&machine.Service{Name: "http", Protocol: "tcp", Port: 80, Weight: 10}, &machine.Service{Name: "https", Protocol: "tcp", Port: 443, Weight: 10},
		&machine.Role{Name: "web", Title: "Front ends", Team: "search-infra", Services: []string{"http", "https"}, Params: map[string]string{"tier": "gold"}},
		&machine.Pool{ID: "0190-a", Name: "a", Site: "lon6", Role: "web"},
		&machine.Gate{Name: "vlan", Title: "switch VLAN", From: machine.Allocated, To: machine.Installing, Match: "site=lon6", URL: "https://net.example/vlan", Deadline: 40 * time.Second},
	} {
		c.plan = append(c.plan, machine.PlanItem{Item: p, Version: 1})
	}
}

func (c *canned) Plan(kind machine.PlanKind) (all []machine.PlanItem) {
	for _, row := range c.plan {
		if row.Item.Kind() == kind {
			all = append(all, row)
		}
	}
	return all
}

func (c *canned) PlanOf(ref machine.PlanRef) (machine.PlanItem, error) {
	for _, row := range c.plan {
		if row.Item.Kind() == ref.Kind && row.Item.Key() == ref.Name {
			return row, nil
		}
	}
	return machine.PlanItem{}, machine.ErrNotFound
}

func (c *canned) Rests(ref machine.PlanRef) (by []string) {
	for _, row := range c.plan {
		if slices.Contains(row.Item.Refers(), ref) {
			by = append(by, string(row.Item.Kind())+" "+row.Item.Key())
		}
	}
	for _, r := range c.rules {
		if slices.Contains(r.Refers(), ref) {
			by = append(by, "rule "+r.Name)
		}
	}
	for _, m := range c.Machines() {
		if slices.Contains(m.Refers(), ref) {
			by = append(by, "machine "+m.Name)
		}
	}
	return by
}

func (c *canned) PutPlan(_ context.Context, who auth.User, p machine.Plan, _ int64) (machine.PlanItem, error) {
	return machine.PlanItem{Item: p}, c.do(who.Name, "put", string(p.Kind()), p.Key())
}

func (c *canned) PutRule(_ context.Context, who auth.User, r *machine.Rule, _ func(*machine.Rule) error) error {
	return c.do(who.Name, "put rule", r.Name)
}

// Bulk refuses what is to have the role "no".
func (c *canned) Bulk(_ context.Context, who auth.User, b Bulk) (all []BulkVerdict, written bool, err error) {
	for _, m := range c.Machines() {
		if sel, bad := machine.ParseSelector(b.Selector); bad == nil && sel.Match(m) {
			v := BulkVerdict{Machine: m, Changed: slices.Sorted(maps.Keys(b.Set))}
			if b.Lock != nil {
				v.Changed = []string{"lock"}
			}
			if b.Set["role"] == "no" {
				v.Err = errors.New("another team owns it")
			}
			all = append(all, v)
		}
	}
	if b.Dry {
		return all, false, nil
	}
	return all, true, c.do(who.Name, "bulk", b.Selector, fmt.Sprint(b.Expected), fmt.Sprint(b.Set))
}

func (c *canned) PutSubnet(_ context.Context, who auth.User, s *machine.Subnet, _ func(*machine.Subnet) error) error {
	return c.do(who.Name, "put subnet", s.Name)
}

func (c *canned) DropRule(_ context.Context, who auth.User, name string, _ func(*machine.Rule) error) error {
	return c.do(who.Name, "drop rule", name)
}

func (c *canned) SetMachine(_ context.Context, who auth.User, ref string, _ int64, changes map[string]string) (*machine.Machine, error) {
	if err := c.do(who.Name, "set", ref, strings.Join(slices.Sorted(maps.Keys(changes)), " ")); err != nil {
		return nil, err
	}
	return c.Machine(ref)
}

func (c *canned) DropPlan(_ context.Context, who auth.User, ref machine.PlanRef, _ int64) error {
	return c.do(who.Name, "drop", ref.String())
}
