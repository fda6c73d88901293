package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/delivery"
	"firstlight/server/machine"
)

// deliveriesData is the list of deliveries, and the form that brings one.
type deliveriesData struct {
	Rows []deliveryRow
	Form *listForm // nil for those who may not bring a list
}

// deliveryRow is a delivery with how far it has come.
type deliveryRow struct {
	*machine.Delivery
	URL                                  string
	Seen, Missing, NeverCame, Unexpected int
}

func deliveryURL(name string) string { return "/deliveries/" + url.PathEscape(name) }

func newDeliveryRow(d *machine.Delivery, s *delivery.Standing) deliveryRow {
	return deliveryRow{d, deliveryURL(d.Name), len(s.Arrived), len(s.Missing), len(s.NeverCame), len(s.Unexpected)}
}

// Percent is how many of the machines came.
func (r deliveryRow) Percent() int { return r.Seen * 100 / max(1, r.Seen+r.Missing+r.NeverCame) }

func (s *Site) deliveries(r *http.Request) (view, error) {
	all, err := s.Data.Deliveries(r.Context())
	if err != nil {
		return view{}, err
	}
	d := deliveriesData{}
	if roleOf(r).Allows(auth.Technician) {
		d.Form = &listForm{}
	}
	fleet := s.Data.Machines()
	for _, one := range all {
		standing := delivery.Sort(one, fleet)
		d.Rows = append(d.Rows, newDeliveryRow(one, &standing))
	}
	return view{
		title: "Deliveries", template: "deliveries", data: d,
		fragments: []fragment{{id: "delivery-rows", template: "delivery-rows", data: d.Rows}},
	}, nil
}

// deliveryData is a delivery's page.
type deliveryData struct {
	deliveryRow
	Summary summary
	Took    time.Duration // from the first power-on to the last that became available
	Racks   []rackLink
	Asks    int
	AsksURL string
	Groups  []deliveryGroup
	Close   bool
}

type rackLink struct{ Name, URL string }

// deliveryGroup is what machines of a delivery have in common.
type deliveryGroup struct {
	ID, Title, None string
	Tiles           []tile
	More            int
	URL             string // of all of them
}

// mostOfAGroup is how many machines of a group the page shows.
const mostOfAGroup = 100

func (s *Site) delivery(r *http.Request) (view, error) {
	found, standing, err := s.standing(r)
	if err != nil {
		return view{}, err
	}
	came := slices.Concat(standing.Arrived, standing.Missing)
	d := deliveryData{
		deliveryRow: newDeliveryRow(found, &standing), Summary: summarise(came).within("delivery", found.Name), Racks: racksOf(came),
		Asks: s.asking(standing.Arrived), AsksURL: "/needs?q=" + url.QueryEscape("delivery="+found.Name), Groups: s.groups(found, &standing),
		Close: found.ClosedAt.IsZero() && roleOf(r).Allows(auth.Engineer),
	}
	if standing.Last.After(standing.First) && !standing.First.IsZero() {
		d.Took = standing.Last.Sub(standing.First)
	}
	return view{
		title: "Delivery " + found.Name, template: "delivery", data: d,
		fragments: []fragment{
			{id: "delivery-head", template: "delivery-head", data: d},
			{id: "delivery-machines", template: "delivery-machines", data: d.Groups},
		},
	}, nil
}

// standing finds a delivery and how far it has come. When its machines booted
// takes a look into each one's past, which a stream does without.
func (s *Site) standing(r *http.Request) (*machine.Delivery, delivery.Standing, error) {
	name := r.PathValue("name")
	if r.Header.Get("Accept") != "text/event-stream" {
		return s.Data.Delivery(r.Context(), name)
	}
	all, err := s.Data.Deliveries(r.Context())
	if err != nil {
		return nil, delivery.Standing{}, err
	}
	i := slices.IndexFunc(all, func(d *machine.Delivery) bool { return d.Name == name })
	if i < 0 {
		return nil, delivery.Standing{}, fmt.Errorf("delivery %.64q: %w", name, machine.ErrNotFound)
	}
	return all[i], delivery.Sort(all[i], s.Data.Machines()), nil
}

func (s *Site) asking(some []*machine.Machine) (n int) {
	for _, m := range some {
		if len(s.Data.IssuesOf(m.ID)) > 0 {
			n++
		}
	}
	return n
}

func racksOf(some []*machine.Machine) (links []rackLink) {
	var names []string
	for _, m := range some {
		if m.Rack != "" && !slices.Contains(names, m.Rack) {
			names = append(names, m.Rack)
		}
	}
	slices.SortFunc(names, machine.CompareNames)
	for _, name := range names {
		links = append(links, rackLink{name, rackURL(name)})
	}
	return links
}

func (s *Site) groups(d *machine.Delivery, standing *delivery.Standing) []deliveryGroup {
	here := "/machines?q=" + url.QueryEscape("delivery="+d.Name)
	all := []deliveryGroup{
		s.group("missing", "Not seen yet", "Everything that was ordered came.", here+"+status%3Dexpected", standing.Missing),
		s.group("arrived", "Seen", "Nothing of it was seen yet: rack it, cable it and power it on.", here, standing.Arrived),
		s.group("unexpected", "On no list", "", "/machines", standing.Unexpected),
		s.group("never", "Never came", "", here+"+status%3Dretired", standing.NeverCame),
	}
	return slices.DeleteFunc(all, func(g deliveryGroup) bool { return len(g.Tiles) == 0 && g.None == "" })
}

// group shows machines by their place; those that ask come first.
func (s *Site) group(id, title, none, all string, some []*machine.Machine) deliveryGroup {
	g := deliveryGroup{ID: "group-" + id, Title: title, None: none, URL: all}
	sorted := slices.SortedStableFunc(slices.Values(some), func(a, b *machine.Machine) int {
		asks := func(m *machine.Machine) int { return len(s.Data.IssuesOf(m.ID)) }
		return cmp.Or(cmp.Compare(asks(b), asks(a)), machine.CompareNames(a.Rack, b.Rack), cmp.Compare(b.Unit, a.Unit), machine.CompareNames(a.Name, b.Name))
	})
	for i, m := range sorted {
		if i == mostOfAGroup {
			g.More = len(sorted) - i
			break
		}
		g.Tiles = append(g.Tiles, s.tile(m))
	}
	return g
}

func (s *Site) askClose(r *http.Request) (view, error) {
	d, standing, err := s.Data.Delivery(r.Context(), r.PathValue("name"))
	if err != nil {
		return view{}, err
	}
	says := "Everything of it came."
	if n := len(standing.Missing); n > 0 {
		says = plural(n, "machine that is still expected becomes", "machines that are still expected become") + " retired: their units and ports are free."
	}
	return confirmView(confirm{
		Title: "Close delivery " + d.Name, Of: d, Action: deliveryURL(d.Name) + "/close", Back: deliveryURL(d.Name), Button: "Close it", Danger: len(standing.Missing) > 0,
		Says: []string{"Nothing more of it comes. " + says}, Fields: remark("Why, for those that never came"),
	}), nil
}

func (s *Site) closeDelivery(w http.ResponseWriter, r *http.Request) error {
	d, _, err := s.Data.Delivery(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	ctx, err := s.resting(r, d)
	if err == nil {
		err = s.Actions.CloseDelivery(context.WithoutCancel(ctx), userOf(r), d.Name, strings.TrimSpace(r.PostFormValue("note")))
	}
	if err != nil {
		return s.again(w, r, d, s.askClose, err)
	}
	http.Redirect(w, r, deliveryURL(d.Name), http.StatusSeeOther)
	return nil
}
