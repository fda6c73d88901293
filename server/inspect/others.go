package inspect

import (
	"time"

	"firstlight/server/issue"
	"firstlight/server/machine"
	"firstlight/server/whereabouts"
)

// others gathers once what every machine is judged by.
func (i *Inspector) others(all []*machine.Machine) *issue.Others {
	o := &issue.Others{
		BMCs: sharedBMCs(all), Arrived: arrived(all), Racks: map[string]*machine.Rack{}, Sites: map[string]bool{},
		Images: map[string]*machine.Image{}, Subnet: i.subnet, Cables: whereabouts.NewFleet(func() []*machine.Machine { return all }),
	}
	for _, row := range i.DB.Plan(machine.KindRack) {
		if r, ok := row.Item.(*machine.Rack); ok {
			o.Racks[r.Name], o.Sites[r.Site] = r, true
		}
	}
	for _, image := range i.DB.Images() {
		o.Images[image.Name] = image
	}
	return o
}

// subnet tells in which network a machine's address lies, and at which site.
func (i *Inspector) subnet(m *machine.Machine) (name, site string) {
	s, ok := i.DB.SubnetFor(m.Address())
	if !ok {
		return "", ""
	}
	return s.Name, s.Site
}

// sharedBMCs are the machines by the address of their BMC, where several have
// one.
func sharedBMCs(all []*machine.Machine) map[string][]string {
	first := make(map[string]string, len(all))
	shared := map[string][]string{}
	for _, m := range all {
		at := m.BMC.Address
		if at == "" || m.Status == machine.Retired {
			continue
		}
		one, taken := first[at]
		switch {
		case !taken:
			first[at] = m.Name
		case shared[at] == nil:
			shared[at] = []string{one, m.Name}
		default:
			shared[at] = append(shared[at], m.Name)
		}
	}
	return shared
}

// arrived is when a delivery was first seen in each rack.
func arrived(all []*machine.Machine) map[issue.Place]time.Time {
	first := map[issue.Place]time.Time{}
	for _, m := range all {
		if m.Delivery == "" || m.Rack == "" || m.ReportedAt.IsZero() {
			continue
		}
		p := issue.Place{Delivery: m.Delivery, Rack: m.Rack}
		if old, ok := first[p]; !ok || m.ReportedAt.Before(old) {
			first[p] = m.ReportedAt
		}
	}
	return first
}
