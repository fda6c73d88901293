package api

import (
	"context"

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
