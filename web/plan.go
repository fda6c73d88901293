package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

// planList is a list of the plan as its pages have it. Which fields there are,
// package declare says.
type planList struct {
	Kind  machine.PlanKind
	Path  string // below /plan/
	Title string
	One   string // an item
	About string
	field string // of selectors, which picks the machines of an item; "": none does
}

var planLists = []planList{
	{machine.KindSite, "sites", "Sites", "site", "Places with machines: data centres, or halls of one.", "site"},
	{machine.KindRoom, "rooms", "Rooms", "room", "Parts of sites.", "room"},
	{machine.KindRack, "racks", "Racks", "rack", "What machines stand in, unit by unit.", "rack"},
	{machine.KindType, "types", "Hardware types", "hardware type", "What is expected of the hardware of one order.", "type"},
	{machine.KindTeam, "teams", "Teams", "team", "Owners of machines.", "owner"},
	{machine.KindService, "services", "Services", "service", "What machines of a role answer, for SRV records.", ""},
	{machine.KindRole, "roles", "Roles", "role", "What machines do, with the services that they answer.", "role"},
	{machine.KindPool, "pools", "Pools", "pool", "Groups of machines of one role at one site.", "pool"},
	{machine.KindGate, "gates", "Gates", "gate", "Changes of status that wait for a system outside.", ""},
	{machine.KindOption, "options", "DHCP options", "set of options", "What DHCP says beside what a boot needs: to all, on some subnets, or to the machines that a selector picks.", ""},
}

// planURL is the page of a list.
func planURL(kind machine.PlanKind) string {
	at := slices.IndexFunc(planLists, func(l planList) bool { return l.Kind == kind })
	return "/plan/" + planLists[at].Path
}

// List is the page of the list.
func (l planList) List() string { return "/plan/" + l.Path }

func (l planList) of(name string) string { return l.List() + "/" + url.PathEscape(name) }

func (l planList) picks(name string) string {
	return "/machines?q=" + url.QueryEscape(l.field+"="+name)
}

// planPages are the pages of one list.
type planPages struct {
	*Site
	planList
}

func (s *Site) planRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	all := []route{{get, "/plan", auth.Viewer, s.page(s.plan)}}
	for _, l := range planLists {
		p, may := planPages{s, l}, s.PlanRole(l.Kind)
		all = append(all, []route{
			{get, l.List(), auth.Viewer, s.page(p.list)},
			{post, l.List(), may, p.add},
			{get, l.List() + "/:name", auth.Viewer, s.page(p.item)},
			{post, l.List() + "/:name", may, p.change},
			{get, l.List() + "/:name/edit", may, s.page(p.edit)},
			{get, l.List() + "/:name/delete", may, s.page(p.askDrop)},
			{post, l.List() + "/:name/delete", may, p.drop},
		}...)
	}
	return all
}

// planCard is a list on the overview.
type planCard struct {
	planList
	N   int
	May bool // whoever looks may change it
}

func (s *Site) plan(r *http.Request) (view, error) {
	var all []planCard
	for _, l := range planLists {
		all = append(all, planCard{l, len(s.Data.Plan(l.Kind)), roleOf(r).Allows(s.PlanRole(l.Kind))})
	}
	return view{title: "Plan", template: "plan", data: all}, nil
}

// planListData is a list: its columns are the fields that fit into a line.
type planListData struct {
	planList
	Columns []column
	Rows    []planRow
	Counts  bool // machines are counted
	May     bool
	Form    *form
	Open    bool // the form is shown
}

type column struct{ Label, Class string }

type planRow struct {
	Name, URL string
	Cells     []cell
	Machines  int
	Picks     string // the machines' page
}

// cell is a value in a column, and where the thing of that name is.
type cell struct {
	Label, Class, Text, URL string
	Code                    bool
}

// classes are how wide a screen must be for a column to be seen, by its place.
var classes = []string{"", "m", "m", "l", "l", "l", "xl"}

func (p planPages) list(r *http.Request) (view, error) {
	d := p.listData(r)
	d.Form = p.blank(r)
	d.Open = len(d.Rows) == 0 || len(r.URL.Query()) > 0
	return p.listView(d), nil
}

func (p planPages) listView(d planListData) view {
	return view{title: p.Title, template: "plan-list", data: d}
}

func (p planPages) listData(r *http.Request) planListData {
	d := planListData{planList: p.planList, Counts: p.field != "", May: roleOf(r).Allows(p.PlanRole(p.Kind))}
	fields := slices.DeleteFunc(slices.Clone(declare.Plan(p.Kind)), func(f declare.Field[machine.Plan]) bool { return f.Long })
	for i, f := range fields {
		d.Columns = append(d.Columns, column{label(f.Name), classes[min(i, len(classes)-1)]})
	}
	count := p.count()
	for _, row := range p.Data.Plan(p.Kind) {
		name := row.Item.Key()
		out := planRow{Name: name, URL: p.of(name), Machines: count[name]}
		if d.Counts {
			out.Picks = p.picks(name)
		}
		for i, f := range fields {
			out.Cells = append(out.Cells, newCell(f, row.Item, d.Columns[i]))
		}
		d.Rows = append(d.Rows, out)
	}
	return d
}

// newCell shows a field; one that names an item of another list leads there.
func newCell(f declare.Field[machine.Plan], of machine.Plan, c column) cell {
	out := cell{Label: strings.ToLower(c.Label), Class: c.Class, Text: f.Text(of), Code: f.Selector || f.Name == "url"}
	if f.Names != "" && !f.Many && out.Text != "" {
		out.URL = planURL(f.Names) + "/" + url.PathEscape(out.Text)
	}
	if f.Many {
		out.Text = strings.ReplaceAll(out.Text, ",", ", ")
	}
	return out
}

// count gives how many machines rest on each item of the list.
func (p planPages) count() map[string]int {
	n := map[string]int{}
	for _, m := range p.Data.Machines() {
		if m.Status == machine.Retired {
			continue
		}
		if p.Kind == machine.KindRoom {
			n[m.Room]++ // a machine has the room of its rack
			continue
		}
		for _, ref := range m.Refers() {
			if ref.Kind == p.Kind {
				n[ref.Name]++
			}
		}
	}
	return n
}

// planItemData is one item.
type planItemData struct {
	planList
	Name, URL string
	About     string // its title
	Facts     []cell
	Rests     []rest
	More      int // that rest on it, too
	Machines  int
	Picks     string
	Adds      []key // what is added to it: a rack to a site
	May       bool
}

// rest is something that rests on an item.
type rest struct{ Kind, Name, URL string }

const maxRests = 20

func (p planPages) item(r *http.Request) (view, error) {
	row, err := p.find(r)
	if err != nil {
		return view{}, err
	}
	name := row.Item.Key()
	d := planItemData{planList: p.planList, Name: name, URL: p.of(name), Machines: p.count()[name], May: roleOf(r).Allows(p.PlanRole(p.Kind))}
	for _, f := range declare.Plan(p.Kind) {
		c := newCell(f, row.Item, column{Label: label(f.Name)})
		if f.Name == "title" {
			d.About = c.Text
		}
		if c.Text != "" {
			c.Label = label(f.Name)
			d.Facts = append(d.Facts, c)
		}
	}
	if p.field != "" {
		d.Picks = p.picks(name)
	}
	d.Rests, d.More = rests(slices.DeleteFunc(p.Data.Rests(p.ref(name)), func(s string) bool { return strings.HasPrefix(s, "machine ") }))
	d.Adds = p.adds(roleOf(r), name)
	return view{title: name, template: "plan-item", data: d}, nil
}

// adds are the lists whose items must name one of this list: they are added from
// here with the name filled in.
func (p planPages) adds(role auth.Role, name string) (all []key) {
	for _, l := range planLists {
		if !role.Allows(p.PlanRole(l.Kind)) {
			continue
		}
		for _, f := range declare.Plan(l.Kind) {
			if f.Names == p.Kind && !f.Many {
				all = append(all, key{"Add a " + l.One, l.List() + "?" + url.Values{f.Name: {name}}.Encode() + "#add"})
			}
		}
	}
	return all
}

// rests are what rests on something, as pages name it, and how many more.
func rests(names []string) (all []rest, more int) {
	if len(names) > maxRests {
		names, more = names[:maxRests], len(names)-maxRests
	}
	for _, text := range names {
		kind, name, _ := strings.Cut(text, " ")
		out := rest{Kind: kind, Name: name}
		switch kind {
		case "machine":
			out.URL = "/machines/" + url.PathEscape(name)
		case "rule":
			out.URL = "/rules#rule-" + url.PathEscape(name)
		default:
			out.URL = planURL(machine.PlanKind(kind)) + "/" + url.PathEscape(name)
		}
		all = append(all, out)
	}
	return all, more
}

func (p planPages) ref(name string) machine.PlanRef { return machine.PlanRef{Kind: p.Kind, Name: name} }

func (p planPages) find(r *http.Request) (machine.PlanItem, error) {
	return p.Data.PlanOf(p.ref(r.PathValue("name")))
}
