package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// machinesData is the list of machines.
type machinesData struct {
	Search  search
	Summary summary
	Rows    rows
	// CSV and JSON are addresses of what is shown as a list that an import reads;
	// empty where it is not what was asked for.
	CSV, JSON string
	Change    string // the form that changes them; empty: whoever looks may not, or none are picked
}

// exported is the address of the machines that were asked for as a file.
func exported(q search, format string) string {
	v := url.Values{"format": {format}}
	switch {
	case q.Error != "":
		return ""
	case q.Text != "":
		v.Set("selector", q.Text)
	}
	return "/api/v1/export?" + v.Encode()
}

type rows []machineRow

// machineRow is a line of the list; comparable like a tile.
type machineRow struct {
	tile
	Host, Address, MAC    string
	Product, Image, Owner string
	Heard                 time.Time
}

func (s *Site) machines(r *http.Request) (view, error) {
	q := parseSearch(r)
	all, err := s.Data.Select(r.Context(), q.selector)
	if err != nil {
		return view{}, err
	}
	d := machinesData{Search: q, Summary: summarise(all), Rows: make(rows, len(all)), CSV: exported(q, "csv"), JSON: exported(q, "json")}
	if q.picks() && len(all) > 0 && roleOf(r).Allows(auth.Technician) {
		d.Change = "/change?q=" + url.QueryEscape(q.Text)
	}
	parts := make([]fragment, len(all))
	for i, m := range all {
		row := s.machineRow(m)
		d.Rows[i] = row
		parts[i] = fragment{id: "row-" + row.ID, template: "machine-row", data: row, key: row}
	}
	return view{
		title: "Machines", template: "machines", data: d, query: q.Text,
		fragments: []fragment{
			{id: "summary", template: "summary", data: d.Summary},
			{id: "machine-rows", template: "machine-rows", data: d.Rows, key: d.Rows.signature(), parts: parts},
		},
	}, nil
}

func (s *Site) machineRow(m *machine.Machine) machineRow {
	row := machineRow{
		tile: s.tile(m), Host: m.Hostname, MAC: m.BootMAC().String(),
		Product: m.Product, Image: m.Image, Owner: m.Owner, Heard: heard(m),
	}
	if a := m.Address(); a.IsValid() {
		row.Address = a.String()
	}
	return row
}

// heard is when the machine last said anything to us.
func heard(m *machine.Machine) time.Time {
	last := m.Observed.BootAt
	for _, t := range []time.Time{m.Observed.CallAt, m.Observed.HomeAt} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

func (all rows) signature() string {
	ids := make([]string, len(all))
	for i, r := range all {
		ids[i] = r.ID
	}
	return strings.Join(ids, " ")
}
