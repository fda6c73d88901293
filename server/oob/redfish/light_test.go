package redfish_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"firstlight/server/oob"
	"firstlight/server/oob/bmcsim"
	"firstlight/server/oob/redfish"
)

// lit is a BMC whose machine stands in the chassis /c/1, /c/2 and so on, each with
// these properties.
func lit(vendor, system string, chassis ...string) script {
	var links []string
	s := script{root: strings.Replace(aRoot, `"X"`, fmt.Sprintf("%q", vendor), 1), root + "/Systems": aList}
	for i, c := range chassis {
		path := fmt.Sprintf("/c/%d", i+1)
		links = append(links, fmt.Sprintf(`{"@odata.id":%q}`, path))
		s[path] = fmt.Sprintf(`{"@odata.id":%q%s}`, path, c)
	}
	s["/s/1"] = fmt.Sprintf(`{"@odata.id":"/s/1","Id":"1","Links":{"Chassis":[%s]}%s}`, strings.Join(links, ","), system)
	return s
}

func TestTheIdentifyLightIsReadWhereTheBMCShowsIt(t *testing.T) {
	const shared = `,"Links":{"ComputerSystems":[{"@odata.id":"/s/1"},{"@odata.id":"/s/2"}]}`
	for _, test := range []struct {
		name    string
		answers script
		want    oob.Indicator
		err     error
	}{
		{"at the machine", lit("X", `,"LocationIndicatorActive":true`), oob.IndicatorLit, nil},
		{"at the machine, in which way it is on too", lit("X", `,"LocationIndicatorActive":true,"IndicatorLED":"Blinking"`), oob.IndicatorBlinking, nil},
		{"the newer property counts where they differ", lit("X", `,"LocationIndicatorActive":false,"IndicatorLED":"Lit"`), oob.IndicatorOff, nil},
		{"at the chassis", lit("X", ``, `,"LocationIndicatorActive":true`), oob.IndicatorLit, nil},
		{"at the chassis rather than by the older property of the machine", lit("X", `,"IndicatorLED":"Off"`, `,"LocationIndicatorActive":true`), oob.IndicatorLit, nil},
		{"at the machine by the older property", lit("X", `,"IndicatorLED":"Lit"`, `,"IndicatorLED":"Off"`), oob.IndicatorLit, nil},
		{"at the chassis by the older property", lit("X", ``, `,"IndicatorLED":"Blinking"`), oob.IndicatorBlinking, nil},
		{"not at an enclosure that others stand in", lit("X", ``, shared+`,"LocationIndicatorActive":true`, `,"IndicatorLED":"Off"`), oob.IndicatorOff, nil},
		{"Dell's light is lit at rest", lit("Dell", ``, `,"IndicatorLED":"Lit"`), oob.IndicatorOff, nil},
		{"a light that nobody knows about", lit("X", `,"IndicatorLED":"Unknown"`), oob.IndicatorUnknown, nil},
		{"a property without a value is none", lit("X", `,"LocationIndicatorActive":null,"IndicatorLED":null`, ``), "", oob.ErrUnsupported},
		{"only an enclosure has one", lit("X", ``, shared+`,"LocationIndicatorActive":true`), "", oob.ErrUnsupported},
		{"no chassis at all", lit("X", ``), "", oob.ErrUnsupported},
		{"a chassis that is not there", func() script { s := lit("X", ``, ``); delete(s, "/c/1"); return s }(), "", oob.ErrUnsupported},
		{"a chassis that makes no sense", lit("X", ``, `,"LocationIndicatorActive":"yes"`), "", errAny},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := redfish.Dial(t.Context(), test.answers.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close(t.Context()) }()
			got, err := c.Indicator(t.Context())
			if got != test.want || !matches(err, test.err) {
				t.Errorf("Indicator() = %q, %v, want %q, %v", got, err, test.want, test.err)
			}
			if errors.Is(test.err, oob.ErrUnsupported) && !matches(c.SetIndicator(t.Context(), oob.IndicatorLit), test.err) {
				t.Errorf("SetIndicator(lit) is not %v", test.err)
			}
		})
	}
}

// ledBMC is a BMC whose IndicatorLED takes only some words.
type ledBMC struct {
	takes []string
	led   string
	seen  []string
}

func (b *ledBMC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := strings.TrimSuffix(r.URL.Path, "/"); {
	case path == root:
		_, _ = io.WriteString(w, aRoot)
	case path == root+"/Systems":
		_, _ = io.WriteString(w, aList)
	case r.Method == http.MethodPatch:
		text, _ := io.ReadAll(r.Body)
		b.seen = append(b.seen, string(text))
		for _, word := range b.takes {
			if string(text) == fmt.Sprintf(`{"IndicatorLED":%q}`, word) {
				b.led = word
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":"Base.1.4.PropertyValueNotInList","message":"no","@Message.ExtendedInfo":[{"MessageId":"Base.1.4.PropertyValueNotInList","Message":"no"}]}}`)
	default:
		_, _ = fmt.Fprintf(w, `{"@odata.id":"/s/1","IndicatorLED":%q}`, b.led)
	}
}

func TestALightTakesTheWayOfBeingOnThatItKnows(t *testing.T) {
	blink, light, off := `{"IndicatorLED":"Blinking"}`, `{"IndicatorLED":"Lit"}`, `{"IndicatorLED":"Off"}`
	for _, test := range []struct {
		name  string
		takes []string
		want  oob.Indicator
		sent  []string
		led   string
		err   error
	}{
		{"blinking", []string{"Off", "Lit", "Blinking"}, oob.IndicatorBlinking, []string{blink}, "Blinking", nil},
		{"lit", []string{"Off", "Lit", "Blinking"}, oob.IndicatorLit, []string{light}, "Lit", nil},
		{"lit where it cannot blink", []string{"Off", "Lit"}, oob.IndicatorBlinking, []string{blink, light}, "Lit", nil},
		{"blinking where it is never lit", []string{"Off", "Blinking"}, oob.IndicatorLit, []string{light, blink}, "Blinking", nil},
		{"off already", []string{"Off"}, oob.IndicatorOff, nil, "Off", nil},
		{"read-only", nil, oob.IndicatorLit, []string{light, blink}, "Off", oob.ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &ledBMC{takes: test.takes, led: "Off"}
			c, err := redfish.Dial(t.Context(), stranger(t, b.ServeHTTP))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close(t.Context()) }()
			if err := c.SetIndicator(t.Context(), test.want); !matches(err, test.err) {
				t.Errorf("SetIndicator(%s) = %v, want %v", test.want, err, test.err)
			}
			if !slices.Equal(b.seen, test.sent) || b.led != test.led {
				t.Errorf("the BMC was sent %q and shows %q, want %q and %q", b.seen, b.led, test.sent, test.led)
			}
			if test.err != nil {
				return
			}
			if err := c.SetIndicator(t.Context(), oob.IndicatorOff); err != nil || b.led != "Off" || len(b.seen) > 0 && b.seen[len(b.seen)-1] != off {
				t.Errorf("SetIndicator(off) = %v, the light is %q after %q", err, b.led, b.seen)
			}
		})
	}
}

func TestALightIsSetOnceAndProven(t *testing.T) {
	r := start(t, bmcsim.Options{Profile: bmcsim.ILO()})
	c := r.dial(t, r.config())
	for range 3 {
		if err := c.SetIndicator(t.Context(), oob.IndicatorBlinking); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.bmc.Counts().LightChanges; got != 1 {
		t.Errorf("3 × SetIndicator(blinking) changed the light %d times, want once", got)
	}
	r.bmc.SetFaults(bmcsim.Faults{Lie: true})
	if err := c.SetIndicator(t.Context(), oob.IndicatorOff); err == nil || !strings.Contains(err.Error(), `accepted identify light "off" but shows "lit"`) {
		t.Errorf("SetIndicator(off) of a lying BMC = %v, want what it shows", err)
	}
	none := start(t, bmcsim.Options{Profile: bmcsim.Profile{Name: "no light", SystemID: "1", ManagerID: "bmc", Light: bmcsim.NoLight}})
	if err := none.dial(t, none.config()).SetIndicator(t.Context(), oob.IndicatorLit); !errors.Is(err, oob.ErrUnsupported) || !strings.Contains(err.Error(), "no identify light") {
		t.Errorf("SetIndicator(lit) of a board without = %v, want %v", err, oob.ErrUnsupported)
	}
}
