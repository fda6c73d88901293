package web

import (
	"context"
	"net/http"
	"strings"

	"firstlight/agent/report"
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

// askAdoptBMC asks whether the agent may make a user of ours on a machine's BMC.
func (s *Site) askAdoptBMC(r *http.Request) (view, error) {
	m, err := s.named(r)
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Take over the BMC of " + m.Name, Of: m, Action: machineURL(m) + "/adopt-bmc", Back: machineURL(m), Button: "Take it over",
		Says: []string{
			"Its agent makes a user firstlight on the BMC, as administrator, with a password of its own that nobody sees. Once the appliance has logged in with it, it is used from then on.",
			"A user of ours that is there already gets a successor, and is disabled once that one is proven. Other users stay as they are. The machine goes on as it is, whatever comes of it.",
		},
		Fields: []field{
			{Name: "address", Label: "Its static address with prefix length, or dhcp; empty: as it is", Type: "text", Optional: true},
			{Name: "gateway", Label: "Gateway of a static address", Type: "text", Optional: true},
		},
	}), nil
}

func (s *Site) adoptBMC(w http.ResponseWriter, r *http.Request) error {
	return s.act(s.askAdoptBMC, func(ctx context.Context, u auth.User, m *machine.Machine, r *http.Request) error {
		_, err := s.Actions.AdoptBMC(ctx, u, m.Name, networkAs(r.PostFormValue("address"), r.PostFormValue("gateway")))
		return err
	})(w, r)
}

// networkAs reads what was typed of a BMC's network; nil: it stays as it is.
func networkAs(address, gateway string) *report.BMCNetwork {
	address, gateway = strings.TrimSpace(address), strings.TrimSpace(gateway)
	switch {
	case address == "" && gateway == "":
		return nil
	case strings.EqualFold(address, "dhcp"):
		return &report.BMCNetwork{DHCP: true, Gateway: gateway}
	}
	return &report.BMCNetwork{Address: address, Gateway: gateway}
}

// canAdopt: it has a BMC, and is where its agent may be.
func canAdopt(m *machine.Machine) bool {
	_, transient := m.Status.Transient()
	return m.Facts != nil && m.Facts.BMC && !transient && m.Status != machine.Retired && !m.Flags.Locked && !m.Flags.Frozen
}
