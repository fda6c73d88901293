package boot

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"firstlight/server/machine"
)

var overlays = []Overlay{{"bna", []string{"1657:0014", "1657:0022"}}, {"cxgb4", []string{"1425:5410"}}, {"qlcnic", []string{"1077:*"}}}

func TestACardChoosesItsOverlay(t *testing.T) {
	for _, test := range []struct{ name, card, want, besides string }{
		{"one that needs it", "1425:5410", "cxgb4", "overlay cxgb4 for 1425:5410"},
		{"one of a vendor that needs it", "1077:8020", "qlcnic", "overlay qlcnic for 1077:8020"},
		{"one that needs none", "8086:100e", "", ""},
		{"another card of a vendor that has one", "1657:0099", "", ""},
		{"one on no PCI bus", OtherCard, "", ""},
		{"one that the loader does not tell", "", "bna cxgb4 qlcnic", "all overlays, for its loader does not tell through which card it boots: bna cxgb4 qlcnic"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, k := Request{Card: test.card, Script: true}, Known{Policy: machine.PolicyRegister, Overlays: overlays}
			a := Decide(r, k, time.Time{})
			if a.Target != Agent || a.Overlays != test.want || Besides(r, a) != test.besides {
				t.Errorf("Decide(%q) = %s with %q (%s), want the agent with %q (%s)", test.card, a.Target, a.Overlays, Besides(r, a), test.want, test.besides)
			}
			text, err := json.Marshal(NewRecord(r, a, k))
			if err != nil {
				t.Fatal(err)
			}
			rec, err := ReadRecord(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if again := Decide(rec.Request, rec.Known(), time.Time{}); again != a {
				t.Errorf("decided anew from the journal: %+v, was %+v", again, a)
			}
		})
	}
}

// DHCP asks before any loader knows a card, and who boots its disk needs none.
func TestOnlyTheScriptOfTheAgentHasOverlays(t *testing.T) {
	for _, test := range []struct {
		name string
		r    Request
		k    Known
	}{
		{"DHCP", Request{}, Known{Policy: machine.PolicyRegister, Overlays: overlays}},
		{"a disk", Request{Script: true}, Known{Policy: machine.PolicyObserve, Overlays: overlays}},
		{"no boot image", Request{Script: true}, Known{Policy: machine.PolicyRegister, Overlays: overlays, NoImage: true}},
	} {
		a := Decide(test.r, test.k, time.Time{})
		if a.Overlays != "" || NewRecord(test.r, a, test.k).Overlays != nil {
			t.Errorf("%s: overlays %q, want none", test.name, a.Overlays)
		}
	}
}

func TestParseCard(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "01:80:86:10:0e": "8086:100e", "01:14:25:54:10": "1425:5410", "01:00:00:00:00": "",
		"07:00:00:00:00": "", "0a:0b:95:77:20": OtherCard, "09:00:00:00:00": OtherCard,
	} {
		if got, err := ParseCard(text); err != nil || got != want {
			t.Errorf("ParseCard(%q) = %q, %v, want %q", text, got, err, want)
		}
		if again, err := ParseCard(BusID(want)); err != nil || again != want {
			t.Errorf("BusID(%q) = %q, which is read as %q, %v", want, BusID(want), again, err)
		}
	}
	for _, junk := range []string{"x", "01:80:86:10", "01:80:86:10:0e:00", "01-80-86-10-0e", "01:80:86:10:0g", "${netX/busid}", "1:2:3:4:5", " 1:80:86:10:0e"} {
		if got, err := ParseCard(junk); err == nil {
			t.Errorf("ParseCard(%q) = %q, want an error", junk, got)
		}
	}
}

func FuzzParseCard(f *testing.F) {
	f.Add("01:80:86:10:0e")
	form := regexp.MustCompile(`^([0-9a-f]{4}:[0-9a-f]{4}|other)?$`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseCard(text)
		if err != nil && got != "" || !form.MatchString(got) {
			t.Errorf("ParseCard(%q) = %q, %v", text, got, err)
		}
	})
}
