package httpboot

import (
	"net/http"
	"testing"
	"time"

	"firstlight/server/trust"
)

// A redemption shows where the machine is, by what was seen of the interface that
// booted since its boot token was made.
func TestARedemptionShowsThePlace(t *testing.T) {
	s, st := door(t)
	k := newKey()
	e := enrols(t, s, k, tokenOf(t, s))
	redeem := func() {
		t.Helper()
		if got := (call{method: "POST", target: "/agent/v1/redeem", body: `{"order":"o","token":"t"}`}).signed(k, e.Session, e.Challenge).do(s); got.StatusCode != http.StatusOK {
			t.Fatalf("redeem = %d", got.StatusCode)
		}
	}
	if redeem(); st.shown.Rung() != trust.Token || st.shown.Position.Lacks != "plan it" {
		t.Errorf("elsewhere the evidence is %+v", st.shown)
	}
	st.placed = true
	redeem()
	kept := st.boots[ours]
	if p := st.shown.Position; st.shown.Rung() != trust.Position || !p.At.Equal(time.Unix(0, kept.Issued)) || p.How != ours.String() {
		t.Errorf("the evidence is %+v, want that of %s since %s", p, ours, time.Unix(0, kept.Issued))
	}
}
