package trust_test

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/trust"
)

var (
	noon  = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	shown = trust.Proof{At: noon, How: "key k"}
)

func TestTheLadder(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    trust.Evidence
		want trust.Rung
	}{
		{"nothing", trust.Evidence{}, trust.None},
		{"a token", trust.Evidence{Token: shown}, trust.Token},
		{"a place", trust.Evidence{Token: shown, Position: shown}, trust.Position},
		{"a TPM", trust.Evidence{Token: shown, TPM: shown}, trust.TPM},
		{"a TPM and a place", trust.Evidence{Token: shown, Position: shown, TPM: shown}, trust.TPM},
		{"a place of nobody knows whom", trust.Evidence{Position: shown}, trust.None},
		{"a TPM of nobody knows whom", trust.Evidence{TPM: shown, Position: shown}, trust.None},
		{"a contested boot", trust.Evidence{Token: shown, TPM: shown, Contested: "two speak"}, trust.None},
	} {
		if got := tt.e.Rung(); got != tt.want {
			t.Errorf("%s is on the rung %s, want %s", tt.name, got, tt.want)
		}
	}
	for _, name := range trust.Rungs() {
		if r, err := trust.ParseRung(name); err != nil || r.String() != name {
			t.Errorf("ParseRung(%s) = %s, %v", name, r, err)
		}
	}
	if _, err := trust.ParseRung("high"); err == nil || !strings.Contains(err.Error(), "none, token, position, tpm") {
		t.Errorf("ParseRung(high) = %v, want the names", err)
	}
	if got := trust.Rung(9).String(); got != "rung 9" {
		t.Errorf("Rung(9) = %s", got)
	}
}

// G-08: a machine without a TPM is on a lower rung, and what needs more is
// refused with what is missing and what brings it.
func TestWhichSecretNeedsWhichRung(t *testing.T) {
	token := trust.Evidence{Token: shown}
	place := trust.Evidence{Token: shown, Position: shown}
	chip := trust.Evidence{Token: shown, TPM: shown}
	for _, tt := range []struct {
		secret trust.Secret
		e      trust.Evidence
		policy trust.Policy
		says   string // "": it may
	}{
		{trust.InstallPlan, token, nil, ""},
		{trust.InstallPlan, trust.Evidence{}, nil, "the plan of an install needs the rung token, and this boot has none: boot the machine from this appliance, so that its agent redeems a boot token"},
		{trust.InstallPlan, trust.Evidence{}, trust.Policy{trust.InstallPlan: trust.None}, ""},
		{trust.InstallPlan, token, trust.Policy{trust.InstallPlan: trust.Position}, "needs the rung position, and this boot has token: a switch has to say"},
		{trust.InstallPlan, trust.Evidence{Token: shown, Position: trust.Proof{Lacks: "plan its port"}}, trust.Policy{trust.InstallPlan: trust.Position}, "this boot has token: plan its port"},
		{trust.InstallPlan, place, trust.Policy{trust.InstallPlan: trust.Position}, ""},
		{trust.InstallPlan, chip, trust.Policy{trust.InstallPlan: trust.Position}, ""},
		{trust.InstallPlan, trust.Evidence{Token: shown, Contested: "two speak"}, trust.Policy{trust.InstallPlan: trust.None}, "two speak; boot the machine anew"},
		{trust.ErasePlan, token, nil, ""},
		{trust.BMCPassword, token, nil, "a BMC password needs the rung position"},
		{trust.BMCPassword, place, nil, ""},
		{trust.RootKey, place, nil, "a root key needs the rung tpm, and this boot has position: a TPM has to answer"},
		{trust.RootKey, chip, nil, ""},
		{"another", place, nil, "another needs the rung tpm"},
	} {
		ok, why := trust.May(tt.secret, tt.e, tt.policy)
		if ok != (tt.says == "") || !strings.Contains(why, tt.says) || ok && why != "" {
			t.Errorf("May(%s, %s, %v) = %v %q, want %q", tt.secret, tt.e, tt.policy, ok, why, tt.says)
		}
	}
	for _, s := range trust.Secrets() {
		if _, ok := trust.Default()[s]; !ok || s.Human() == string(s) {
			t.Errorf("%s has no default or no words", s)
		}
	}
}

func TestEvidenceIsSpelled(t *testing.T) {
	for want, e := range map[string]trust.Evidence{
		"nothing": {},
		"boot token at 2026-11-26T12:00:00Z (key k), TPM at 2026-11-26T12:00:00Z (key k)": {Token: shown, TPM: shown},
		"boot token at 2026-11-26T12:00:00Z (key k), contested: two speak":                {Token: shown, Contested: "two speak"},
		"place in the rack at 2026-11-26T12:00:00Z (sw3/23)":                              {Position: trust.Proof{At: noon, How: "sw3/23"}},
	} {
		if got := e.String(); got != want {
			t.Errorf("it is spelled %q, want %q", got, want)
		}
	}
}

// G-02, G-03: every way in which a token can be shown.
func TestRedeem(t *testing.T) {
	issued := noon.UnixNano()
	have := trust.Enrolment{Token: "h", Issued: issued, Key: "mine", At: noon, From: "a", Phase: "idle"}
	for _, tt := range []struct {
		name  string
		have  *trust.Enrolment
		token trust.BootToken
		key   string
		after time.Duration
		want  trust.Outcome
		doubt bool
	}{
		{"the first of a MAC", nil, trust.BootToken{Hash: "h", Issued: issued}, "mine", time.Minute, trust.Enrolled, false},
		{"at its last moment", nil, trust.BootToken{Hash: "h", Issued: issued}, "mine", trust.TokenLife, trust.Enrolled, false},
		{"after it", nil, trust.BootToken{Hash: "h", Issued: issued}, "mine", trust.TokenLife + 1, trust.Expired, false},
		{"of a clock that was set back since", nil, trust.BootToken{Hash: "h", Issued: issued}, "mine", -time.Hour, trust.Enrolled, false},
		{"the next boot", &have, trust.BootToken{Hash: "i", Issued: issued + 1}, "next", time.Minute, trust.Enrolled, false},
		{"the same once more", &have, trust.BootToken{Hash: "h", Issued: issued}, "mine", time.Minute, trust.Again, false},
		{"the same days later", &have, trust.BootToken{Hash: "h", Issued: issued}, "mine", 99 * time.Hour, trust.Again, false},
		{"another key", &have, trust.BootToken{Hash: "h", Issued: issued}, "thief", time.Minute, trust.Stolen, true},
		{"another key, days later", &have, trust.BootToken{Hash: "h", Issued: issued}, "thief", 99 * time.Hour, trust.Stolen, true},
		{"an earlier token", &have, trust.BootToken{Hash: "g", Issued: issued - 1}, "thief", time.Minute, trust.Late, true},
		{"another token of the same moment", &have, trust.BootToken{Hash: "g", Issued: issued}, "thief", time.Minute, trust.Late, true},
	} {
		next, got, why := trust.Redeem(tt.have, tt.token, tt.key, "from", noon.Add(tt.after))
		if got != tt.want || (why == "") != (got == trust.Enrolled || got == trust.Again) || (next.Contest.Key == tt.key) != tt.doubt {
			t.Errorf("%s: %s %q, %+v; want %s", tt.name, got, why, next, tt.want)
		}
		if rung := next.Evidence().Rung(); (rung == trust.Token) != (why == "") {
			t.Errorf("%s leaves the rung %s", tt.name, rung)
		}
	}
}

func TestTheFirstSignOfAContestIsKept(t *testing.T) {
	e := trust.Enrolment{Key: "mine"}.Superseded("first", "a", noon).Superseded("second", "b", noon.Add(time.Hour))
	if e.Contest != (trust.Contest{At: noon, How: trust.TwoSpeak, Key: "first", From: "a"}) {
		t.Errorf("kept is %+v", e.Contest)
	}
}

func TestNumbersAreTakenOnceAndMayBeOutOfOrder(t *testing.T) {
	var w trust.Window
	for _, tt := range []struct {
		n    uint64
		want bool
	}{{5, true}, {5, false}, {3, true}, {4, true}, {3, false}, {1 << 63, true}, {0, true}, {0, false}} {
		if got := w.Take(tt.n); got != tt.want {
			t.Errorf("Take(%d) = %v, want %v", tt.n, got, tt.want)
		}
	}
	for n := range uint64(40) {
		if !w.Take(100 + n) {
			t.Errorf("Take(%d) = false, want it new", 100+n)
		}
	}
	for n := range uint64(140) {
		if w.Take(n) {
			t.Errorf("Take(%d) was taken though it may have been there", n)
		}
	}
	if !w.Take(140) || w.Take(1<<63) {
		t.Error("the next one is not new, or the highest is forgotten")
	}
}
