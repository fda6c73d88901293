package web

import (
	"fmt"
	"net/http"

	"firstlight/server/machine"
)

// sheetData is the sheet of a rack, for paper.
type sheetData struct {
	Name, About, URL string
	Lines            []sheetLine
	Machines         int
	Unplaced         int // machines of which nobody said the unit: what is free may hold one
}

type sheetLine struct {
	Units, Face, Status string
	*machine.Machine    // nil: the units are free
}

// sheet shows what a technician takes to a rack. It does not move: paper does
// not either.
func (s *Site) sheet(r *http.Request) (view, error) {
	rack, some, err := s.rackNamed(r)
	if err != nil {
		return view{}, err
	}
	d := sheetData{Name: rack.Name, About: aboutRack(rack), URL: rackURL(rack.Name), Machines: len(some)}
	for _, l := range machine.Elevate(rack, some).Sheet() {
		line := sheetLine{Units: unitsText(l.Unit, l.Top), Machine: l.Machine}
		if l.Machine != nil && l.Unit == 0 {
			d.Unplaced++
		}
		if l.Machine != nil {
			line.Face, line.Status = string(l.Machine.Face), l.Machine.Status.Human()
		}
		d.Lines = append(d.Lines, line)
	}
	return view{title: "Sheet of " + rack.Name, template: "sheet", data: d}, nil
}

// unitsText spells the units from the lowest to the highest.
func unitsText(lowest, highest int) string {
	switch {
	case lowest == 0:
		return "?"
	case highest > lowest:
		return fmt.Sprintf("%d–%d", lowest, highest)
	default:
		return fmt.Sprint(lowest)
	}
}
