package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
)

// planList is a list of the plan as the API has it.
type planList struct {
	path    string // below Prefix
	one     string // an item, for summaries
	example string // name of one
	about   string
}

var planLists = map[machine.PlanKind]planList{
	machine.KindSite:    {"/sites", "site", "lon6", "Places with machines: data centres, or halls of one."},
	machine.KindRoom:    {"/rooms", "room", "lon6-hall-1", "Parts of sites."},
	machine.KindRack:    {"/racks", "rack", "lon6-r12", "Racks with their units, and what stands in them."},
	machine.KindType:    {"/types", "hardware type", "high-io", "What machines of one order have in common: what is expected of their hardware."},
	machine.KindTeam:    {"/teams", "team", "search", "Owners of machines."},
	machine.KindService: {"/services", "service", "http", "What machines of a role answer."},
	machine.KindRole:    {"/roles", "role", "web", "What machines do."},
	machine.KindPool:    {"/pools", "pool", "a", "Groups of machines of one role at one site."},
	machine.KindGate:    {"/gates", "gate", "vlan", "Changes of status that wait for a system outside."},
	machine.KindOption:  {"/options", "set of DHCP options", "storage", "DHCP options beside what a boot needs, for all clients, those of some subnets, or the machines that a selector picks."},
}

// PlanPath is where a list of the plan stands below Prefix.
func PlanPath(kind machine.PlanKind) string { return planLists[kind].path }

// planTags are the groups of the plan's operations.
func planTags() (all []*huma.Tag) {
	for _, kind := range machine.PlanKinds() {
		all = append(all, &huma.Tag{Name: planLists[kind].path[1:], Description: planLists[kind].about})
	}
	return all
}

// planDescriptions are those of the plan's operations, by id.
func planDescriptions() map[string]string {
	all := map[string]string{}
	for kind, l := range planLists {
		all["list-"+l.path[1:]] = l.about + " All of them: there are few."
		all["get-"+string(kind)] = "With its version, of which the ETag is made."
		all["put-"+string(kind)] = "The " + l.one + " is as the body says afterwards; what the body leaves out is empty. What it refers to must be in the plan. " +
			"One that is there already is replaced only with If-Match: the ETag that was read, or *."
		all["delete-"+string(kind)] = "Refused while machines or other items of the plan rest on it; the answer names them."
	}
	return all
}

// planRoutes are the addresses of the plan.
func (a *API) planRoutes() (all []route) {
	for _, kind := range machine.PlanKinds() {
		switch kind {
		case machine.KindSite:
			all = append(all, listRoutes[Site](a, kind)...)
		case machine.KindRoom:
			all = append(all, listRoutes[Room](a, kind)...)
		case machine.KindRack:
			all = append(all, listRoutes[Rack](a, kind)...)
		case machine.KindType:
			all = append(all, listRoutes[HardwareType](a, kind)...)
		case machine.KindTeam:
			all = append(all, listRoutes[Team](a, kind)...)
		case machine.KindService:
			all = append(all, listRoutes[Service](a, kind)...)
		case machine.KindRole:
			all = append(all, listRoutes[Role](a, kind)...)
		case machine.KindPool:
			all = append(all, listRoutes[Pool](a, kind)...)
		case machine.KindGate:
			all = append(all, listRoutes[Gate](a, kind)...)
		case machine.KindOption:
			all = append(all, listRoutes[OptionSet](a, kind)...)
		}
	}
	return all
}

// listRoutes are the addresses of one list.
func listRoutes[V PlanBody](a *API, kind machine.PlanKind) []route {
	l, k := planLists[kind], string(kind)
	p := plans[V]{a, kind}
	return []route{
		{http.MethodGet, l.path, auth.Viewer, "list-" + l.path[1:], "Every " + l.one + ", by name", serve(p.list)},
		{http.MethodGet, l.path + "/{name}", auth.Viewer, "get-" + k, "One " + l.one, l.named(serve(p.get))},
		{http.MethodPut, l.path + "/{name}", operate.PlanRole(kind), "put-" + k, "Add or replace a " + l.one, l.named(serve(p.put))},
		{http.MethodDelete, l.path + "/{name}", operate.PlanRole(kind), "delete-" + k, "Remove a " + l.one, l.named(remove(p.drop))},
	}
}

// named gives the path's parameter the name of one of the list as its example.
func (l planList) named(serve func(*API, huma.Operation)) func(*API, huma.Operation) {
	return func(a *API, op huma.Operation) {
		serve(a, op)
		for _, known := range operations(a.huma.OpenAPI().Paths[op.Path]) {
			for _, p := range known.Parameters {
				if p.In == "path" {
					p.Schema.Examples, p.Example = []any{l.example}, nil
				}
			}
		}
	}
}

// plans answers for one list of the plan.
type plans[V PlanBody] struct {
	*API
	kind machine.PlanKind
}

// PlanName names an item of a list.
type PlanName struct {
	Name string `path:"name" maxLength:"63" doc:"Its name"`
}

func (p plans[V]) ref(name string) machine.PlanRef { return machine.PlanRef{Kind: p.kind, Name: name} }

func (p plans[V]) show(row serverdb.PlanItem) V {
	v, _ := ShowPlan(row.Item, row.Version).(V)
	return v
}

//nolint:unparam // the form of an operation
func (p plans[V]) list(context.Context, *struct{}) (List[V], error) {
	return whole(p.DB.Plan(p.kind), p.show), nil
}

func (p plans[V]) get(_ context.Context, in *PlanName) (V, error) {
	row, err := p.DB.PlanOf(p.ref(in.Name))
	if err != nil {
		return *new(V), err
	}
	return p.show(row), nil
}

type planInput[V PlanBody] struct {
	PlanName
	Body V
}

func (p plans[V]) put(ctx context.Context, in *planInput[V]) (V, error) {
	if name := in.Body.name(); name != "" && name != in.Name {
		return *new(V), wrong("name", name, "differs from the path's "+in.Name+": leave it out, or put it to its own path")
	}
	who, _ := auth.From(ctx)
	row, err := p.Desk.PutPlan(ctx, who, readPlan(in.Body, in.Name), 0)
	if err != nil {
		return *new(V), err
	}
	return p.show(row), nil
}

func (p plans[V]) drop(ctx context.Context, in *PlanName) error {
	who, _ := auth.From(ctx)
	return p.Desk.DropPlan(ctx, who, p.ref(in.Name), 0)
}
