package operate

import (
	"context"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// PutSubnet adds or changes a subnet; see serverdb.PutSubnet.
func (d *Desk) PutSubnet(ctx context.Context, who auth.User, s *machine.Subnet, found func(*machine.Subnet) error) error {
	if err := d.harmless(ctx, who, Proposal{Subnet: s}); err != nil {
		return err
	}
	return explainPlan(d.DB.PutSubnet(ctx, serverdb.ActorOf(who), s, found), declare.Subnet())
}
