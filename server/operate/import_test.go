package operate

import (
	"errors"
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/delivery"
	"firstlight/server/machine"
)

func TestWhoMayBringWhat(t *testing.T) {
	d, _ := desk(t)
	kim, root := auth.User{Name: "kim", Role: auth.Technician}, auth.User{Name: "root", Role: auth.Admin}
	for _, tt := range []struct {
		name string
		who  auth.User
		list List
		want string // of the error; empty: it is written
	}{
		{"a viewer brings nothing", auth.User{Name: "v", Role: auth.Viewer}, List{Text: []byte("serial\nA\n")}, "need the role technician"},
		{"a technician brings a delivery", kim, List{Text: []byte("serial\nAAA1\n"), Delivery: "d1", Site: "lab"}, ""},
		{"a technician adopts nothing", kim, List{Text: []byte("serial,mac\nAAA2,02:00:00:00:00:02\n"), InUse: true, Reason: "x"}, "by admins"},
		{"a technician adds no racks", kim, List{Text: []byte("serial\nAAA3\n"), Create: true}, "racks are added"},
		{"adoption needs a reason", root, List{Text: []byte("serial,mac\nAAA2,02:00:00:00:00:02\n"), InUse: true}, "reason"},
		{"an admin adopts", root, List{Text: []byte("serial,mac\nAAA2,02:00:00:00:00:02\n"), InUse: true, Reason: "ran before"}, ""},
		{"a list that cannot be read says where", kim, List{Text: []byte("serial,note\nA,\xff\n")}, "line 2, column 3"},
		{"a map of nothing", kim, List{Text: []byte("serial\nA\n"), Map: []string{"x"}}, "HEADING=COLUMN"},
		{"a delivery without a name for URLs", kim, List{Text: []byte("serial\nA\n"), Delivery: "a/b"}, "delivery"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := d.Import(t.Context(), tt.who, tt.list)
			var refused *Refused
			switch {
			case tt.want == "" && (err != nil || !got.Written):
				t.Errorf("Import() = %+v, %v", got, err)
			case tt.want != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Import() = %v, want %q", err, tt.want)
			}
		})
	}
	got, err := d.Import(t.Context(), kim, List{Text: []byte("serial,note\nAAA2,x\nAAA1,y\n"), DryRun: true})
	if err != nil || got.Verdicts[0].Result != delivery.Refused || got.Verdicts[1].Result != delivery.Update {
		t.Errorf("a technician changes what is in use = %+v, %v", got, err)
	}
}

func TestAdoptionByReportIsAnAdmins(t *testing.T) {
	d, _ := desk(t)
	a := &report.Adoption{Reason: "ran before", Report: report.Report{
		Version: report.Version, System: report.System{Serial: "OLD1"}, NICs: []report.NIC{{Name: "eno1", MAC: "02:00:00:00:00:07"}}, OS: &report.OS{Hostname: "web-7"},
	}}
	if _, err := d.Adopt(t.Context(), ada, a); err == nil {
		t.Error("an engineer adopts")
	}
	m, err := d.Adopt(t.Context(), auth.User{Name: "root", Role: auth.Admin}, a)
	if err != nil || m.Status != machine.InUse || !m.Flags.UntilBoot {
		t.Fatalf("Adopt() = %+v, %v", m, err)
	}
	if err := d.Lock(t.Context(), ada, m.Name, "mine"); err != nil {
		t.Fatal(err)
	}
	if m, _ = d.DB.Machine(m.Name); m.Flags.UntilBoot {
		t.Error("a lock of a person ends with a boot")
	}
	a.Report.OS = nil
	if _, err := d.Adopt(t.Context(), auth.User{Name: "root", Role: auth.Admin}, a); err == nil || !strings.Contains(err.Error(), "report.os") {
		t.Errorf("a report of our own agent = %v", err)
	}
}
