package redfish_test

import (
	"context"
	"errors"
	"testing"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/credential"
	"firstlight/server/oob/redfish"
)

// TestProvingNeverLocksAnAccount proves log-ins as the wiring does, against the
// lowest threshold of the field (J-03).
func TestProvingNeverLocksAnAccount(t *testing.T) {
	right := credential.Credential{User: "admin", Password: password}
	wrong := func(p string) credential.Credential {
		return credential.Credential{User: "admin", Password: oob.Secret(p)}
	}
	tests := []struct {
		name    string
		own     *credential.Credential
		list    []credential.VendorCredential
		site    *credential.Credential
		works   bool
		refused int
	}{
		{"a vendor's default after a wrong one", nil, []credential.VendorCredential{{Vendor: "Contoso", Credential: wrong("1")}, {Vendor: "Contoso", Credential: right}}, nil, true, 1},
		{"the site's default alone", nil, nil, &right, true, 0},
		{"a wrong own one, and a right default that is not tried", new(wrong("1")), nil, &right, false, 1},
		{"a long list of wrong ones of one user", nil, []credential.VendorCredential{{Vendor: "Contoso", Credential: wrong("1")}, {Vendor: "Contoso", Credential: wrong("2")}, {Vendor: "Contoso", Credential: wrong("3")}}, &right, false, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, bmcsim.Options{Lockout: 3})
			dial := func(ctx context.Context, c credential.Credential) (oob.Controller, error) {
				cfg := r.config()
				cfg.User, cfg.Password = c.User, c.Password
				return redfish.Dial(ctx, cfg)
			}
			_, id, err := credential.Prove(t.Context(), dial, credential.Candidates(test.own, "Contoso", "R1", test.list, test.site))
			if works := err == nil; works != test.works || (!works && !errors.Is(err, oob.ErrCredentials)) {
				t.Errorf("Prove() = %v, want success: %v", err, test.works)
			}
			if test.works && id.Serial != r.machine.Identity().Serial {
				t.Errorf("Prove() identity = %+v, want that of the machine", id)
			}
			if got := r.bmc.Counts(); got.LoginsRefused != test.refused || got.Locked {
				t.Errorf("proving made %d refused log-ins (locked: %v), want %d and not locked", got.LoginsRefused, got.Locked, test.refused)
			}
		})
	}
}
