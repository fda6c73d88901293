package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

// planKind is a list of the plan, as a type: every list has the same commands.
type planKind interface{ kind() machine.PlanKind }

type (
	siteKind    struct{}
	roomKind    struct{}
	rackKind    struct{}
	typeKind    struct{}
	teamKind    struct{}
	serviceKind struct{}
	roleKind    struct{}
	poolKind    struct{}
	gateKind    struct{}
	optionKind  struct{}
)

func (siteKind) kind() machine.PlanKind    { return machine.KindSite }
func (roomKind) kind() machine.PlanKind    { return machine.KindRoom }
func (rackKind) kind() machine.PlanKind    { return machine.KindRack }
func (typeKind) kind() machine.PlanKind    { return machine.KindType }
func (teamKind) kind() machine.PlanKind    { return machine.KindTeam }
func (serviceKind) kind() machine.PlanKind { return machine.KindService }
func (roleKind) kind() machine.PlanKind    { return machine.KindRole }
func (poolKind) kind() machine.PlanKind    { return machine.KindPool }
func (gateKind) kind() machine.PlanKind    { return machine.KindGate }
func (optionKind) kind() machine.PlanKind  { return machine.KindOption }

// planCmd is what can be done with a list of the plan.
type planCmd[K planKind] struct {
	Ls   planLsCmd[K]   `cmd:"" help:"List all."`
	Show planShowCmd[K] `cmd:"" help:"Show one."`
	Set  planSetCmd[K]  `cmd:"" help:"Add one, or change what is given of one."`
	Rm   planRmCmd[K]   `cmd:"" help:"Remove one on which nothing rests."`
}

// planRef names an item of a list.
type planRef[K planKind] struct {
	remote
	Name string `arg:"" help:"Its name."`
}

func (r planRef[K]) kind() machine.PlanKind { return (*new(K)).kind() }

func (r planRef[K]) path() string { return api.PlanPath(r.kind()) + "/" + url.PathEscape(r.Name) }

func (r planRef[K]) title() string { return string(r.kind()) + " " + r.Name }

type planLsCmd[K planKind] struct {
	remote
	listFlags
}

// Run lists the items by name.
func (c *planLsCmd[K]) Run(ctx context.Context, h *host) error {
	kind := (*new(K)).kind()
	l := listing[machine.Plan]{columns: planColumns(kind), read: func(ctx context.Context, a *client.Client) (client.Rows[machine.Plan], error) {
		rows, err := client.Whole[json.RawMessage](ctx, a, api.PlanPath(kind), nil)
		all := client.Rows[machine.Plan]{Text: rows.Text}
		for _, text := range rows.Items {
			p, _, bad := api.ReadPlan(kind, text)
			if bad != nil {
				return all, bad
			}
			all.Items = append(all.Items, p)
		}
		return all, err
	}, none: fmt.Sprintf("no %[1]s yet: firstlight %[1]s set NAME makes one, or says what it needs", kind)}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

// planColumns are the name and every field of a list.
func planColumns(kind machine.PlanKind) []output.Column[machine.Plan] {
	all := []output.Column[machine.Plan]{{Name: "name", Value: func(p machine.Plan) any { return p.Key() }}}
	for _, f := range declare.Plan(kind) {
		all = append(all, output.Column[machine.Plan]{Name: f.Name, Wide: f.Long, Value: func(p machine.Plan) any { return fieldValue(f, p) }})
	}
	return all
}

// fieldValue is what a list shows of a field.
func fieldValue[T any](f declare.Field[T], of T) any {
	text := f.Text(of)
	if n, err := strconv.Atoi(text); f.Number && err == nil {
		return n
	}
	return text
}

type planShowCmd[K planKind] struct {
	planRef[K]
	showFlags
}

// Run shows one.
func (c *planShowCmd[K]) Run(ctx context.Context, h *host) error {
	_, err := c.showing().run(ctx, h, &c.remote, c.showFlags)
	return err
}

// showing is how an item is shown: its fields, as set takes them.
func (r planRef[K]) showing() showing[json.RawMessage] {
	return showing[json.RawMessage]{path: r.path(), lines: func(p output.Printer, text json.RawMessage) []string {
		item, _, err := api.ReadPlan(r.kind(), text)
		if err != nil {
			return []string{output.Plain(err.Error())}
		}
		return output.Facts(p, append([]output.Fact{{"name", item.Key()}}, fieldFacts(declare.Plan(r.kind()), item)...))
	}}
}

func fieldFacts[T any](fields []declare.Field[T], of T) (all []output.Fact) {
	for _, f := range fields {
		all = append(all, output.Fact{f.Name, f.Text(of)})
	}
	return all
}

type planRmCmd[K planKind] struct{ planRef[K] }

// Run removes one.
func (c *planRmCmd[K]) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	if _, err := a.Do(ctx, http.MethodDelete, c.path(), nil, nil); err != nil {
		return err
	}
	return h.say("%s: removed", c.title())
}
