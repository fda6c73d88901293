package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// fleetAsBrought has what is hard to carry: what a spreadsheet would compute,
// what looks as if it had been guarded from that, quotes, lines, foreign letters.
const fleetAsBrought = `{"machines":[
{"serial":"TRIP0001","uuid":"22222222-0000-0000-0000-000000000001","type":"high-io","vendor":"Dell Inc.","product":"PowerEdge R640","cores":48,"memory":"411041792001","disks":10,
 "rack":"lon6-r12","unit":44,"height":2,"face":"front","site":"lon6","hostname":"lon6-db-1","role":"db","pool":"a","owner":"team-search","tags":["loaner","a"],
 "note":"=SUM(A1)\r\nsecond, \"quoted\" line; très vieux\ttab","bmc_mac":"02:00:00:00:01:01","bmc_address":"10.80.99.3",
 "params":{"tier":"gold","Tier":"'=kept","q":"'","qq":"''","at":"@x","lines":"a\nb","tag":"<&>"},
 "nics":[{"name":"eno1","mac":"02:00:00:00:00:01","switch":"sw3","port":"23"},{"mac":"02:00:00:00:00:02"},{"name":"eno3","mac":"02:00:00:00:00:03","switch":"sw4","port":"Ethernet1/1"}]},
{"serial":"TRIP0002","rack":"lon6-r12","unit":44,"height":1,"face":"rear","site":"lon6","note":"'-not a formula"},
{"serial":"TRIP0003","name":"shelf","site":"ams3","bmc_address":"ilo-3.lab.example:8443","params":{"tier":"-1"}},
{"serial":"007","note":"+441632960000"}]}`

// laidOut is a bench with what a fleet refers to, but for racks and sites.
func laidOut(t *testing.T) *bench {
	b := newBench(t)
	for _, p := range []machine.Plan{
		&machine.Site{Name: "lon6"}, &machine.Team{Name: "team-search"}, &machine.Role{Name: "db"}, &machine.HardwareType{Name: "high-io"},
		&machine.Pool{Name: "a", Site: "lon6", Role: "db"},
	} {
		_, err := b.db.PutPlan(t.Context(), serverdb.Actor{Name: "ada"}, p, -1)
		b.must(err)
	}
	return b
}

func (b *bench) brings(list string) Import {
	b.Helper()
	status, lines := b.bring(auth.Admin, "create_racks=true", list, "application/json")
	var got Import
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil || status != http.StatusOK {
		b.Fatalf("%d %s, %v", status, lines, err)
	}
	return got
}

// TestAFleetComesBackAsItWasExported brings an export into an empty database,
// and into the one that it is of, where it must change nothing.
func TestAFleetComesBackAsItWasExported(t *testing.T) {
	first := laidOut(t)
	if got := first.brings(fleetAsBrought); !got.Written {
		t.Fatalf("import = %+v", got)
	}
	for _, kept := range []string{`"params.Tier":"'=kept"`, `"note":"'-not a formula"`, `"params.q":"'"`, `"params.qq":"''"`, `"serial":"007"`} {
		if got := first.get("/export?format=json").body; !strings.Contains(got, kept) {
			t.Errorf("the fleet lost %s:\n%s", kept, got)
		}
	}
	found := first.add(7) // an agent found vendor and product
	_, err := first.db.Adopt(t.Context(), serverdb.Actor{Name: "root"}, &report.Report{
		System: report.System{Vendor: "Dell", Serial: "OLD0001", UUID: "AAAAAAAA-0000-0000-0000-00000000000B"}, OS: &report.OS{Hostname: "old-1"},
		NICs: []report.NIC{{Name: "eno1", MAC: "02:00:00:00:02:01"}},
	}, "ran before")
	first.must(err)
	read[Machine](first, first.as(auth.Admin, http.MethodPatch, "/machines/"+found.Name, `{"params":{"lines":"a\r\nb"},"note":"two\r\nlines"}`), http.StatusOK)
	for _, format := range []string{"csv", "json"} {
		t.Run(format, func(t *testing.T) {
			exported := first.get("/export?format=" + format).body
			if n := strings.Count(exported, "TRIP000"); n < 3 {
				t.Fatalf("the export has %d machines:\n%s", n, exported)
			}
			if got := first.brings(exported); got.Unchanged != 6 {
				t.Errorf("into its own database = %+v", got)
			}
			second := laidOut(t)
			if got := second.brings(exported); !got.Written || got.New != 6 || !slices.Equal(got.LeftOut, []string{"status"}) {
				t.Fatalf("into an empty database = %+v", got)
			}
			// No list brings a machine to a status: all are expected there.
			exported = regexp.MustCompile(`\b(in_use|available)\b`).ReplaceAllString(exported, "expected")
			if diff := cmp.Diff(exported, second.get("/export?format="+format).body); diff != "" {
				t.Errorf("exported again (-want +got):\n%s", diff)
			}
		})
	}
}
