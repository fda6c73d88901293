package zone_test

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/machine"
	"firstlight/server/zone"
)

var update = flag.Bool("update", false, "write the golden files anew")

var servers = []netip.Addr{netip.MustParseAddr("10.80.12.1"), netip.MustParseAddr("10.80.20.65")}

func TestZonesReadAsRecorded(t *testing.T) {
	machines := []*machine.Machine{
		named("C0A", "lon6-db-1", machine.InUse, "10.80.12.17", "2001:db8:80:12::17", "10.80.14.17"),
		named("C0B", "lon6-db-10", machine.Allocated, "10.80.12.18"),
		named("C0C", "lon6-DB-2", machine.Installing, "10.80.15.255"),
		named("C0D", "lab-1", machine.Broken, "10.80.20.66"),
		named("C0E", "lon6-old-1", machine.Recycling, "10.80.12.19"),
		named("C0F", "", machine.Available, "10.80.12.20"),
	}
	zones, problems := zone.Build(lon6(), machines, zone.Options{Servers: servers})
	if len(problems) > 0 {
		t.Errorf("Build found problems in a sound fleet: %v", problems)
	}
	var got strings.Builder
	for _, z := range zones {
		z.Serial = 2026030101
		got.WriteString("; " + z.Name + "\n" + z.Text())
	}
	golden(t, "lon6.zones", got.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; if it is meant, run with -update):\n%s", name, diff)
	}
}

func TestOrderOfTheInputDoesNotMatter(t *testing.T) {
	subnets, machines := lon6(), []*machine.Machine{
		named("C0A", "db-1", machine.InUse, "10.80.12.17"),
		named("C0B", "db-1", machine.InUse, "10.80.12.18"),
		named("C0C", "db-2", machine.Allocated, "10.80.12.17"),
	}
	zones, problems := zone.Build(subnets, machines, zone.Options{Servers: servers})
	slices.Reverse(subnets)
	slices.Reverse(machines)
	reversedServers := slices.Clone(servers)
	slices.Reverse(reversedServers)
	again, problemsAgain := zone.Build(subnets, machines, zone.Options{Servers: reversedServers})
	if diff := cmp.Diff(texts(zones), texts(again)); diff != "" {
		t.Errorf("zones of the same fleet, listed backwards (-forwards +backwards):\n%s", diff)
	}
	if diff := cmp.Diff(problems, problemsAgain); diff != "" {
		t.Errorf("problems of the same fleet, listed backwards:\n%s", diff)
	}
}

func texts(zones []zone.Zone) (all []string) {
	for _, z := range zones {
		all = append(all, z.Text())
	}
	return all
}

func TestConflictsNameBothSidesAndKeepWhoServes(t *testing.T) {
	later := named("C0Z", "db-1", machine.InUse, "10.80.12.30")
	later.Since = since.Add(time.Hour)
	for name, c := range map[string]struct {
		machines []*machine.Machine
		keep     string // a line that must be there
		kind     zone.ProblemKind
		says     []string
	}{
		"the name stays with the machine in use": {
			[]*machine.Machine{named("C0A", "db-1", machine.Allocated, "10.80.12.17"), named("C0B", "db-1", machine.InUse, "10.80.12.18")},
			"db-1.lon6.example. 300 IN A 10.80.12.18", zone.NameTaken,
			[]string{"C0A (db-1, allocated)", "C0B (db-1, in use)"},
		},
		"names differ in more than their case": {
			[]*machine.Machine{named("C0A", "DB-1", machine.Allocated, "10.80.12.17"), named("C0B", "db-1", machine.InUse, "10.80.12.18")},
			"db-1.lon6.example. 300 IN A 10.80.12.18", zone.NameTaken,
			[]string{"C0A", "C0B"},
		},
		"of two in use, the name stays with the first": {
			[]*machine.Machine{later, named("C0B", "db-1", machine.InUse, "10.80.12.18")},
			"db-1.lon6.example. 300 IN A 10.80.12.18", zone.NameTaken,
			[]string{"C0Z", "C0B"},
		},
		"an address leads to one machine": {
			[]*machine.Machine{named("C0A", "db-1", machine.Broken, "10.80.12.17"), named("C0B", "db-2", machine.Installing, "10.80.12.17")},
			"17.12.80.10.in-addr.arpa. 300 IN PTR db-1.lon6.example.", zone.AddressTaken,
			[]string{"C0A", "C0B", "10.80.12.17"},
		},
		"no machine has the appliance's address": {
			[]*machine.Machine{named("C0A", "db-1", machine.InUse, "10.80.12.1")},
			"1.12.80.10.in-addr.arpa. 300 IN PTR ns.lon6.example.", zone.AddressTaken,
			[]string{"the appliance", "C0A"},
		},
		"no machine has the appliance's name": {
			[]*machine.Machine{named("C0A", "NS", machine.InUse, "10.80.12.9")},
			"ns.lon6.example. 300 IN A 10.80.12.1", zone.BadHostname,
			[]string{"C0A", "reserved"},
		},
		"no machine has the name of a zone": {
			[]*machine.Machine{named("C0A", "lab", machine.InUse, "10.80.12.9")},
			"lab.lon6.example. 300 IN NS ns.lab.lon6.example.", zone.NameTaken,
			[]string{"C0A", "the appliance"},
		},
		"a host name is a label": {
			[]*machine.Machine{named("C0A", "db_1.evil\n", machine.InUse, "10.80.12.9")},
			"ns.lon6.example. 300 IN A 10.80.12.1", zone.BadHostname,
			[]string{"C0A", "letters, digits and dashes"},
		},
		"a named machine without an address is a problem": {
			[]*machine.Machine{named("C0A", "db-1", machine.InUse, "192.0.2.7")},
			"ns.lon6.example. 300 IN A 10.80.12.1", zone.NoAddress,
			[]string{"C0A"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			zones, problems := zone.Build(lon6(), c.machines, zone.Options{Servers: servers})
			lines := strings.ReplaceAll(strings.Join(texts(zones), ""), "\t", " ")
			if !strings.Contains(lines, c.keep+"\n") {
				t.Errorf("Build keeps\n%swant %q among it", lines, c.keep)
			}
			if len(problems) != 1 || problems[0].Kind != c.kind {
				t.Fatalf("Build(…) problems = %v, want one of kind %s", problems, c.kind)
			}
			for _, word := range c.says {
				if !strings.Contains(problems[0].Sentence, word) {
					t.Errorf("problem says %q, want %q in it", problems[0].Sentence, word)
				}
			}
		})
	}
}

func TestBadConfigurationBecomesAProblem(t *testing.T) {
	bad := &machine.Subnet{Name: "bad", Prefix: netip.MustParsePrefix("10.9.0.0/24"), Domain: "lon6..example"}
	m := named("C0A", "db-1", machine.InUse, "10.9.0.7")
	_, problems := zone.Build([]*machine.Subnet{bad}, []*machine.Machine{m}, zone.Options{Servers: servers, Mailbox: "root@example"})
	var kinds []zone.ProblemKind
	for _, p := range problems {
		kinds = append(kinds, p.Kind)
	}
	if diff := cmp.Diff([]zone.ProblemKind{zone.BadDomain, zone.BadDomain}, kinds); diff != "" {
		t.Errorf("Build(domain %q, mailbox root@example) problems %v (-want +got):\n%s", bad.Domain, problems, diff)
	}
	if _, problems = zone.Build(lon6(), nil, zone.Options{}); len(problems) != 1 || problems[0].Kind != zone.NoNameserver {
		t.Errorf("Build without a server's address: problems %v, want one of kind %s", problems, zone.NoNameserver)
	}
}

func TestHostSaysWhatTheDNSWillAnswer(t *testing.T) {
	for _, s := range machine.Statuses() {
		m := named("C0A", "db-1", s, "192.0.2.4", "10.80.12.17")
		name, addr, ok := zone.Host(m, lon6())
		zones, _ := zone.Build(lon6(), []*machine.Machine{m}, zone.Options{Servers: servers})
		served := strings.Contains(strings.Join(texts(zones), ""), "db-1.lon6.example.\t300\tIN\tA\t10.80.12.17\n")
		if ok != served || ok && (name != "db-1.lon6.example" || addr.String() != "10.80.12.17") {
			t.Errorf("Host(%s) = %s %s %t, and the zone has it: %t", s, name, addr, ok, served)
		}
	}
}

func TestSameInputSeesWhatMattersToNames(t *testing.T) {
	m := named("C0A", "db-1", machine.InUse, "10.80.12.17")
	beat := m.Clone()
	beat.Observed.CallAt = since.Add(time.Minute)
	if !zone.SameInput(m, beat) {
		t.Error("SameInput(m, m after a heartbeat) = false, want true")
	}
	for name, change := range map[string]func(*machine.Machine){
		"host name": func(m *machine.Machine) { m.Hostname = "db-2" },
		"status":    func(m *machine.Machine) { m.Status = machine.Recycling },
		"address":   func(m *machine.Machine) { m.NICs[0].Address = netip.MustParseAddr("10.80.12.18") },
		"record":    func(m *machine.Machine) { m.ID = "another" },
	} {
		other := m.Clone()
		change(other)
		if zone.SameInput(m, other) {
			t.Errorf("SameInput(m, m with another %s) = true, want false", name)
		}
	}
}

func BenchmarkBuild12000(b *testing.B) {
	subnets, machines := fleet(12_000)
	b.ReportAllocs()
	for b.Loop() {
		zone.Build(subnets, machines, zone.Options{Servers: servers})
	}
}
