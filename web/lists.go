package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"firstlight/server/auth"
	"firstlight/server/diagnosis"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

func (s *Site) images(*http.Request) (view, error) {
	return view{title: "Images", template: "images", data: s.Data.Images()}, nil
}

func (s *Site) health(*http.Request) (view, error) {
	d := s.Insight.Health()
	return view{
		title: "Health", template: "health", data: d,
		fragments: []fragment{{id: "health", template: "health-rows", data: d}},
	}, nil
}

// networkData is what the wire holds.
type networkData struct {
	Subnets   []subnetRow
	Leases    []leaseRow
	Strangers []stranger
	Servers   []machine.DHCPServer // beside ours
	Boot      simulationData
	May       bool  // whoever looks may change subnets
	Form      *form // of a new one; nil: it is not shown
}

type subnetRow struct {
	*machine.Subnet
	Active int
	Room   int    // addresses in its ranges
	URL    string // of its form; "": whoever looks may not change it
}

type leaseRow struct {
	lease.Lease
	Name, URL string // of the machine
	Active    bool
}

// stranger is a MAC that ServerDb does not know.
type stranger struct {
	MAC   machine.MAC
	Text  string
	Last  time.Time
	Count int
	Wrong *diagnosis.Diagnosis // with its boot; nil: nothing
}

func (s *Site) network(r *http.Request) (view, error) {
	asked := s.Data.Strangers()
	d := networkData{Leases: s.leases(), Strangers: strangers(asked), Servers: s.Insight.OtherServers()}
	s.explainStrangers(d.Strangers, asked)
	active := map[string]int{}
	for _, l := range d.Leases {
		if l.Active {
			active[l.Subnet]++
		}
	}
	if d.May = roleOf(r).Allows(auth.Admin); d.May && r.URL.Query().Has("new") {
		d.Form = s.subnetForms().blank()
	}
	for _, n := range s.Data.Subnets() {
		row := subnetRow{n, active[n.Name], room(n), ""}
		if d.May {
			row.URL = s.subnetForms().of(n.Name) + "/edit"
		}
		d.Subnets = append(d.Subnets, row)
	}
	d.Boot = s.simulation(r, d.Subnets)
	return view{
		title: "Network", template: "network", data: d,
		fragments: []fragment{
			{id: "subnets", template: "subnet-rows", data: d.Subnets},
			{id: "servers", template: "server-rows", data: d.Servers},
			{id: "strangers", template: "stranger-rows", data: d.Strangers},
			{id: "leases", template: "lease-rows", data: d.Leases},
		},
	}, nil
}

func (s *Site) leases() []leaseRow {
	owners := map[machine.MAC]*machine.Machine{}
	for _, m := range s.Data.Machines() {
		for _, n := range m.NICs {
			owners[n.MAC] = m
		}
	}
	rows := []leaseRow{}
	for _, l := range s.Data.Leases() {
		row := leaseRow{Lease: l, Active: l.Holds(s.Now())}
		if m := owners[l.MAC]; m != nil {
			row.Name, row.URL = m.Name, machineURL(m)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b leaseRow) int { return a.Address.Compare(b.Address) })
	return rows
}

// room counts the addresses of the ranges.
func room(n *machine.Subnet) int {
	total := 0
	for _, r := range n.Ranges {
		total += int(r.Size())
	}
	return total
}

// strangers gives the last word about each MAC, newest first.
func strangers(events []journal.Event) []stranger {
	by := map[machine.MAC]*stranger{}
	for _, e := range events {
		at := e.At
		if e.LastAt.After(at) {
			at = e.LastAt
		}
		known := by[e.MAC]
		if known == nil {
			known = &stranger{MAC: e.MAC}
			by[e.MAC] = known
		}
		known.Count += max(e.Count, 1)
		if at.After(known.Last) {
			known.Last, known.Text = at, e.Text
		}
	}
	all := []stranger{}
	for _, k := range by {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b stranger) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.MAC.String(), b.MAC.String()))
	})
	return all
}
