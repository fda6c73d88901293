package api

import (
	"context"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/oob"
)

// BMCLogin is how to log in to a machine's BMC. It is kept sealed, proven by
// the next log-in, and never shown.
type BMCLogin struct {
	Address  string `json:"address,omitempty" maxLength:"259" doc:"host or host:port, with ipmi:// or https:// in front where it is to be spoken with by IPMI or Redfish alone; absent: as the machine reports it" example:"10.80.99.3"`
	User     string `json:"user" maxLength:"64" example:"root"`
	Password string `json:"password" maxLength:"128" format:"password" example:"correct horse"`
}

type bmcLoginInput struct {
	Serial string `path:"serial" maxLength:"64" doc:"Serial number of the machine" example:"C0MPUT3"`
	Body   BMCLogin
}

func (a *API) putBMCLogin(ctx context.Context, in *bmcLoginInput) error {
	who, _ := auth.From(ctx)
	return a.Desk.SetBMC(ctx, who, oob.Login{
		Serial: in.Serial, Address: in.Body.Address, User: in.Body.User, Password: oob.Secret(in.Body.Password),
	})
}

// BMCOrder has a machine's agent make a user of ours on its BMC. The password is
// made here, kept sealed, and never shown.
type BMCOrder struct {
	Network string `json:"network,omitempty" enum:"dhcp,static" doc:"How the BMC gets its address from now on; absent: as it is"`
	Address string `json:"address,omitempty" maxLength:"18" doc:"With network static: IPv4 with its prefix length" example:"10.80.99.3/24"`
	Gateway string `json:"gateway,omitempty" maxLength:"15" doc:"With network static" example:"10.80.99.1"`
}

func (o BMCOrder) plan() *report.BMCNetwork {
	if o.Network == "" && o.Address == "" && o.Gateway == "" {
		return nil
	}
	return &report.BMCNetwork{DHCP: o.Network == "dhcp", Address: o.Address, Gateway: o.Gateway}
}

func (a *API) adoptBMC(ctx context.Context, in *machineOrderInput[BMCOrder]) (Job, error) {
	who, _ := auth.From(ctx)
	j, err := a.Desk.AdoptBMC(ctx, who, in.Ref, in.Body.plan())
	if err != nil {
		return Job{}, err
	}
	return a.showJob(j), nil
}
