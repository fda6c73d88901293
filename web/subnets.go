package web

import (
	"net/http"
	"time"

	"firstlight/server/declare"
	"firstlight/server/machine"
)

// subnetForms are the forms of subnets, which stand on the page of the network.
func (s *Site) subnetForms() listed[machine.Subnet] {
	return listed[machine.Subnet]{
		Site: s, list: "/network", title: "Network", one: "subnet", fields: declare.Subnet(), all: s.Data.Subnets,
		// A new one observes: to serve a live segment changes nothing there.
		fresh: func(name string) *machine.Subnet {
			return &machine.Subnet{Name: name, Mode: machine.ModeServer, Policy: machine.PolicyObserve, Lease: 12 * time.Hour}
		},
		name:     func(n *machine.Subnet) string { return n.Name },
		proposal: func(n *machine.Subnet) Proposal { return Proposal{Subnet: n} },
		put:      s.Actions.PutSubnet,
		page: func(r *http.Request, f *form) (view, error) {
			v, err := s.network(r)
			if d, ok := v.data.(networkData); ok {
				d.Form = f
				v.data = d
			}
			return v, err
		},
	}
}
