package credential_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/oob"
	"firstlight/server/oob/credential"
)

func cred(user, password string) *credential.Credential {
	return &credential.Credential{User: user, Password: oob.Secret(password)}
}

func TestCandidates(t *testing.T) {
	list := []credential.VendorCredential{
		{Vendor: "Dell", Credential: *cred("root", "calvin")},
		{Vendor: "dell", Product: "PowerEdge R660", Credential: *cred("root", "r660")},
		{Vendor: "Supermicro", Credential: *cred("ADMIN", "ADMIN")},
		{Vendor: "", Credential: *cred("anybody", "any")},
	}
	parked := cred("op", "own")
	parked.Parked = true
	tests := []struct {
		name            string
		own, site       *credential.Credential
		vendor, product string
		want            []string // "source user password"
	}{
		{"nothing is nothing", nil, nil, "", "", nil},
		{"own before vendor before site", cred("op", "own"), cred("site", "s"), "Supermicro", "X12", []string{"machine op own", "vendor ADMIN ADMIN", "site site s"}},
		{"a line for the product before one for the vendor", nil, cred("site", "s"), "DELL", "poweredge r660", []string{"vendor root r660", "vendor root calvin", "site site s"}},
		{"a line for another product is not taken", nil, nil, "Dell", "PowerEdge R470", []string{"vendor root calvin"}},
		{"a line without vendor is for nobody", nil, nil, "", "", nil},
		{"never more than three", cred("op", "own"), cred("site", "s"), "Dell", "PowerEdge R660", []string{"machine op own", "vendor root r660", "vendor root calvin"}},
		{"never more than two of one user", cred("root", "own"), cred("site", "s"), "Dell", "PowerEdge R660", []string{"machine root own", "vendor root r660", "site site s"}},
		{"the same one only once", cred("root", "calvin"), cred("root", "calvin"), "Dell", "", []string{"machine root calvin"}},
		{"an incomplete one is left out", cred("op", ""), cred("", "s"), "", "", nil},
		{"a parked own one stops all guessing", parked, cred("site", "s"), "Dell", "", nil},
		{"a parked site one is left out", cred("op", "x"), parked, "", "", []string{"machine op x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range credential.Candidates(test.own, test.vendor, test.product, list, test.site) {
				got = append(got, string(c.Source)+" "+c.User+" "+string(c.Password))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Candidates() (-want +got):\n%s", diff)
			}
		})
	}
}

// bmc is a controller that counts what it is asked.
type bmc struct {
	oob.Controller
	identify, close error
	closed          int
}

func (b *bmc) Identify(context.Context) (oob.Identity, error) {
	return oob.Identity{Serial: "SN1"}, b.identify
}

func (b *bmc) Close(ctx context.Context) error {
	b.closed++
	return errors.Join(b.close, ctx.Err())
}

func TestProve(t *testing.T) {
	own := credential.Credential{User: "op", Password: "own", Source: credential.Own}
	vendor := credential.Credential{User: "root", Password: "v", Source: credential.Vendor}
	site := credential.Credential{User: "site", Password: "s", Source: credential.Site}
	fourth := credential.Credential{User: "x", Password: "y", Source: credential.Site}
	refused, dead := oob.ErrCredentials, oob.ErrUnreachable
	tests := []struct {
		name       string
		candidates []credential.Credential
		answers    map[string]error // by user; absent is refused
		tried      []string
		want       string
		wantErr    error
	}{
		{"the first that works is taken", []credential.Credential{vendor, site}, map[string]error{"root": nil, "site": nil}, []string{"root"}, "root", nil},
		{"a refused default leads to the next", []credential.Credential{vendor, site}, map[string]error{"site": nil}, []string{"root", "site"}, "site", nil},
		{"a refused own one stops", []credential.Credential{own, vendor, site}, map[string]error{"root": nil}, []string{"op"}, "", refused},
		{"a BMC that does not answer stops", []credential.Credential{vendor, site}, map[string]error{"root": dead, "site": nil}, []string{"root"}, "", dead},
		{"three are the most", []credential.Credential{vendor, site, {User: "z", Password: "z"}, fourth}, map[string]error{"x": nil}, []string{"root", "site", "z"}, "", refused},
		{"the same one is tried once", []credential.Credential{site, site, site}, nil, []string{"site"}, "", refused},
		{"nothing to try says so", nil, nil, nil, "", credential.ErrNone},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var tried []string
			dial := func(_ context.Context, c credential.Credential) (oob.Controller, error) {
				tried = append(tried, c.User)
				if err, known := test.answers[c.User]; known {
					return &bmc{}, err
				}
				return nil, oob.ErrCredentials
			}
			got, id, err := credential.Prove(t.Context(), dial, test.candidates)
			if got.User != test.want || !errors.Is(err, test.wantErr) {
				t.Errorf("Prove() = %q, %v, want %q, %v", got.User, err, test.want, test.wantErr)
			}
			if test.want != "" && id.Serial != "SN1" {
				t.Errorf("Prove() identity = %+v, want that of the BMC", id)
			}
			if diff := cmp.Diff(test.tried, tried); diff != "" {
				t.Errorf("Prove() tried (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProveNamesTheRefusedOnesWithoutTheirPasswords(t *testing.T) {
	dial := func(context.Context, credential.Credential) (oob.Controller, error) { return nil, oob.ErrCredentials }
	_, _, err := credential.Prove(t.Context(), dial, []credential.Credential{{User: "root", Password: "calvin", Source: credential.Vendor}})
	var refused *credential.RefusedError
	if !errors.As(err, &refused) || len(refused.Refused) != 1 {
		t.Fatalf("Prove() = %v, want a RefusedError with 1 credential", err)
	}
	const want = `refused: user "root" (vendor): the BMC refuses the user or the password`
	if err.Error() != want {
		t.Errorf("Prove() = %q, want %q", err, want)
	}
}

func TestProveGivesTheSessionBackThoughTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := &bmc{identify: oob.ErrUnreachable}
	dial := func(context.Context, credential.Credential) (oob.Controller, error) { cancel(); return b, nil }
	_, _, err := credential.Prove(ctx, dial, []credential.Credential{{User: "u", Password: "p"}})
	if b.closed != 1 || !errors.Is(err, oob.ErrUnreachable) {
		t.Errorf("Prove(ended) = %v with %d closes, want unreachable with 1", err, b.closed)
	}
}
