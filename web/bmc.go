package web

import (
	"context"
	"net/http"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// askBMC asks how to log in to a machine's BMC. A password is never shown.
func (s *Site) askBMC(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "BMC log-in of " + m.Name, Of: m, Action: machineURL(m) + "/bmc", Back: machineURL(m), Button: "Keep it",
		Says: []string{"It is kept encrypted, and proven by the next log-in. Whatever was kept for this BMC before is forgotten."},
		Fields: []field{
			{Name: "address", Label: "Address; empty: as the machine reports it", Type: "text", Value: m.BMC.Address, Optional: true},
			{Name: "user", Label: "User", Type: "text"},
			{Name: "password", Label: "Password", Type: "password"},
		},
	}), nil
}

func (s *Site) setBMC(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askBMC, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		return s.Actions.SetBMC(ctx, u, oob.Login{
			Serial: m.Serial, Address: r.PostFormValue("address"), User: r.PostFormValue("user"), Password: oob.Secret(r.PostFormValue("password")),
		})
	})(w, r)
}
