package operate

import (
	"context"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// PutSubnet adds or changes a subnet.
func (d *Desk) PutSubnet(ctx context.Context, who auth.User, s *machine.Subnet) error {
	if err := s.Validate(); err != nil {
		return &Refused{Why: err.Error()} // it names subnet, field, value and remedy
	}
	for _, o := range d.DB.Subnets() {
		if o.Name != s.Name && o.Prefix.Overlaps(s.Prefix) {
			return &Refused{Field: "prefix", Value: s.Prefix.String(), Why: "overlaps " + o.Prefix.String() + " of subnet " + o.Name, Remedy: "give each network one row"}
		}
	}
	if err := d.harmless(ctx, who, Proposal{Subnet: s}); err != nil {
		return err
	}
	return d.DB.PutSubnet(ctx, serverdb.ActorOf(who), s)
}
