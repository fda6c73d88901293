package operate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/machine"
	"firstlight/server/oob"
)

func TestTheLightIsProvenAndAudited(t *testing.T) {
	d, b := desk(t)
	m := in(t, d, machine.Available)
	for _, step := range []struct {
		verb string
		want oob.Indicator
	}{{"blink", oob.IndicatorBlinking}, {"on", oob.IndicatorLit}, {"off", oob.IndicatorOff}} {
		if err := d.Light(t.Context(), ada, m.Name, step.verb); err != nil {
			t.Fatal(err)
		}
		if o := is(t, d, m).Observed; b.light != step.want || o.Light != string(step.want) || o.LightAt.IsZero() {
			t.Errorf("after light %s the light is %q and was observed as %q at %s, want %q", step.verb, b.light, o.Light, o.LightAt, step.want)
		}
	}
	if now := is(t, d, m); now.Version != m.Version {
		t.Errorf("the light changed the machine from version %d to %d", m.Version, now.Version)
	}
	want := []string{"ada by token ci from 192.0.2.7: light off FL0001: lit → off"}
	if diff := cmp.Diff(want, audits(t, d, "light off")); diff != "" {
		t.Errorf("audit differs (-want +got):\n%s", diff)
	}
	wantRefused(t, `Light("green")`, d.Light(t.Context(), ada, m.Name, "green"), "want one of on, off, blink")
	b.onlyLit = true
	if err := d.Light(t.Context(), ada, m.Name, "blink"); err != nil || is(t, d, m).Observed.Light != "lit" {
		t.Errorf("Light(blink) of a light that cannot = %v, observed %q, want it lit", err, is(t, d, m).Observed.Light)
	}
}

func TestALightThatDoesNotFollowIsNoSuccess(t *testing.T) {
	d, b := desk(t)
	m := in(t, d, machine.Available)
	b.deaf = true
	err := d.Light(t.Context(), ada, m.Name, "on")
	if err == nil || !strings.Contains(err.Error(), `light on of machine FL0001: the BMC accepted it but says "off"`) {
		t.Errorf("Light(on) of a deaf BMC = %v", err)
	}
	b.fails = oob.ErrUnreachable
	if err := d.Light(t.Context(), ada, m.Name, "on"); !errors.Is(err, oob.ErrUnreachable) {
		t.Errorf("Light(on) of a BMC that is away = %v, want %v", err, oob.ErrUnreachable)
	}
	tells(t, d, m, "Asked for identify light on")
	tells(t, d, m, "Identify light on did not work: "+oob.ErrUnreachable.Error())
}

func TestWithoutALightItSaysHowToFindTheMachine(t *testing.T) {
	d, b := desk(t)
	m := in(t, d, machine.Available)
	const find = "look for the machine with serial number FL0001"
	for _, tt := range []struct {
		name         string
		login, fails error
		says         []string
	}{
		{"no log-in", fmt.Errorf("machine FL0001: its BMC's address is not known: %w", oob.ErrNoLogin), nil, []string{"no BMC with a known log-in", "firstlight bmc set FL0001", find}},
		{"a wrong one", oob.ErrCredentials, nil, []string{"refuses the user or the password", "firstlight bmc set FL0001", find}},
		{"a board without", nil, fmt.Errorf("%w: it has no identify light for this machine", oob.ErrUnsupported), []string{"machine FL0001", "no identify light", find}},
	} {
		b.login, b.fails = tt.login, tt.fails
		err := d.Light(t.Context(), ada, m.Name, "blink")
		for _, says := range tt.says {
			wantRefused(t, "Light() with "+tt.name, err, says)
		}
	}
	if got := standing(&machine.Machine{Serial: "S1", Rack: "r12", Unit: 7}); got != "with serial number S1 in rack r12 unit 7" {
		t.Errorf("standing() = %q", got)
	}
}
