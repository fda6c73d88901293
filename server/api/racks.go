package api

import (
	"cmp"
	"context"
	"math"

	"firstlight/server/machine"
)

func (a *API) elevation(_ context.Context, in *PlanName) (Elevation, error) {
	row, err := a.DB.PlanOf(machine.PlanRef{Kind: machine.KindRack, Name: in.Name})
	if err != nil {
		return Elevation{}, err
	}
	rack, _ := row.Item.(*machine.Rack)
	e := machine.Elevate(rack, a.DB.Machines())
	shown := Elevation{Units: []RackUnit{}, Unplaced: each(e.Unplaced, func(m *machine.Machine) Slot { return *a.showSlot(m, 0) })}
	shown.Rack, _ = ShowPlan(rack, row.Version).(Rack)
	for _, r := range e.Rows {
		shown.Units = append(shown.Units, RackUnit{r.Unit, a.showSlot(r.Front, r.Unit), a.showSlot(r.Rear, r.Unit)})
	}
	return shown, nil
}

func (a *API) sheet(_ context.Context, in *PlanName) (List[SheetLine], error) {
	row, err := a.DB.PlanOf(machine.PlanRef{Kind: machine.KindRack, Name: in.Name})
	if err != nil {
		return List[SheetLine]{}, err
	}
	rack, _ := row.Item.(*machine.Rack)
	return whole(machine.Elevate(rack, a.DB.Machines()).Sheet(), showSheetLine), nil
}

func showSheetLine(l machine.SheetLine) SheetLine {
	shown := SheetLine{Top: l.Top, Unit: l.Unit, Free: l.Machine == nil, NICs: []SheetNIC{}}
	if m := l.Machine; m != nil {
		shown.Name, shown.Serial, shown.Hostname, shown.Status, shown.Face = m.Name, m.Serial, m.Hostname, string(m.Status), string(m.Face)
		shown.BMCAddress, shown.BMCMAC = m.BMC.Address, m.BMC.MAC.String()
		shown.NICs = each(m.NICs, func(n machine.NIC) SheetNIC { return SheetNIC{n.Name, n.MAC.String(), n.Switch, n.Port} })
	}
	return shown
}

// showSlot shows a machine at a unit that it fills, 0 where that is not known.
func (a *API) showSlot(m *machine.Machine, unit int) *Slot {
	if m == nil {
		return nil
	}
	s := &Slot{
		Name: m.Name, Status: string(m.Status), Sentence: cmp.Or(m.Sentence, m.Observed.Waits), Hostname: m.Hostname,
		Unit: m.Unit, Height: max(m.Height, 1), Face: string(m.Face), Top: unit == 0 || m.Top(unit), Locked: m.Flags.Locked, Progress: m.Observed.Progress,
	}
	for _, n := range m.NICs {
		if n.MAC == m.BootMAC() {
			s.Switch, s.Port = n.Switch, n.Port
		}
	}
	if light := m.Observed.Light; light != "off" && light != "unknown" {
		s.Light = light
	}
	j, _ := a.DB.OpenJob(m.ID)
	left, bound := machine.Left(m, j, a.Now())
	s.LeftSeconds, s.LeftAtMost = int64(math.Ceil(left.Seconds())), bound
	if _, moves := m.Status.Transient(); moves {
		s.Sentence = cmp.Or(m.Observed.Waits, m.Sentence)
	}
	return s
}

func (a *API) capacity(context.Context, *struct{}) (List[Capacity], error) {
	return whole(machine.Capacities(a.DB.Machines()), func(c machine.Capacity) Capacity {
		shown := Capacity{Site: c.Site, Type: c.Type, Total: c.Total, Free: c.Free, AfterRecycling: c.Recycled, ByStatus: map[string]int{}}
		for s, n := range c.ByStatus {
			shown.ByStatus[string(s)] = n
		}
		return shown
	}), nil
}
