package machine

import (
	"strings"
	"testing"
	"time"
)

func TestAPlanSaysWhatIsWrong(t *testing.T) {
	gate := Gate{Name: "vlan", Title: "switch VLAN", From: Allocated, To: Installing, URL: "https://net.example/hook", Deadline: time.Minute}
	for _, tt := range []struct {
		item Plan
		want string // part of the error; empty: it is right
	}{
		{&Site{Name: "lon6", Title: "London"}, ""},
		{&Site{Name: "Lon6"}, `site Lon6: name "Lon6"`},
		{&Site{Name: "lon6", Note: strings.Repeat("x", 2001)}, "note"},
		{&Room{Name: "hall-1", Site: "lon6"}, ""},
		{&Room{Name: "hall-1"}, `site ""`},
		{&Rack{Name: "lon6-r12", Site: "lon6", Units: 42}, ""},
		{&Rack{Name: "lon6-r12", Site: "lon6"}, `units "0": want 1 to 60`},
		{&HardwareType{Name: "high-io", Disks: []DiskSpec{{Count: 4, Bytes: 1e12}}}, ""},
		{&HardwareType{Name: "high-io", Disks: []DiskSpec{{Count: 4}}}, "disks[0].bytes"},
		{&Service{Name: "http", Protocol: "tcp", Port: 80}, ""},
		{&Service{Name: "http", Protocol: "sctp", Port: 80}, "want tcp or udp"},
		{&Role{Name: "db", Services: []string{"http"}, Params: map[string]string{"tier": "gold"}}, ""},
		{&Role{Name: "db", Params: map[string]string{"a b": "x"}}, "params"},
		{&Pool{Name: "a", Site: "lon6", Role: "db"}, ""},
		{&Pool{Name: "a", Site: "lon6"}, "role"},
		{&gate, ""},
		{&Gate{Name: "vlan", Title: "x", From: InUse, To: Broken, URL: gate.URL, Deadline: time.Minute}, `to "broken": after in use`},
		{&Gate{Name: "vlan", Title: "x", From: Allocated, To: Installing, URL: "ftp://x", Deadline: time.Minute}, "url"},
		{&Gate{Name: "vlan", Title: "x", From: Allocated, To: Installing, URL: gate.URL}, "deadline"},
		{&Gate{Name: "vlan", Title: "x", From: Allocated, To: Installing, URL: gate.URL, Deadline: time.Minute, Match: "stauts=x"}, "did you mean status?"},
	} {
		err := tt.item.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.item, err, tt.want)
		}
	}
}

func TestEveryListHasItems(t *testing.T) {
	for _, k := range PlanKinds() {
		if p := NewPlan(k, "x"); p == nil || p.Kind() != k || p.Key() != "x" {
			t.Errorf("NewPlan(%s) = %v", k, p)
		}
	}
	if NewPlan("nonsense", "x") != nil {
		t.Error("nonsense is a list")
	}
}
