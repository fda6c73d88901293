package zone_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firstlight/server/machine"
	"firstlight/server/zone"
)

// fleet is n machines in use, 200 in each of as many subnets as it takes.
func fleet(n int) (subnets []*machine.Subnet, machines []*machine.Machine) {
	for i := range n {
		rack, slot := i/200, i%200+2
		net := fmt.Sprintf("10.%d.%d", 64+rack/256, rack%256)
		if slot == 2 {
			subnets = append(subnets, &machine.Subnet{
				Name: fmt.Sprintf("r%d", rack), Prefix: netip.MustParsePrefix(net + ".0/24"), Domain: "lon6.example",
			})
		}
		machines = append(machines, named(fmt.Sprintf("C%06d", i), fmt.Sprintf("lon6-db-%d", i), machine.InUse, fmt.Sprintf("%s.%d", net, slot)))
	}
	return subnets, machines
}

func TestForwardAndReverseAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		machines := drawMachines(t)
		zones, problems := zone.Build(lon6(), machines, zone.Options{Servers: servers})
		forward, reverse := pairs(t, zones)
		for pair := range forward {
			if !reverse[pair] && !strings.HasPrefix(pair, "ns.") {
				t.Fatalf("%s has no PTR", pair)
			}
		}
		for pair := range reverse {
			if !forward[pair] {
				t.Fatalf("%s has a PTR and no address record", pair)
			}
		}
		checkServedOrProblem(t, machines, forward, problems)
	})
}

// checkServedOrProblem holds every machine to: in the DNS, or in a problem.
func checkServedOrProblem(t *rapid.T, machines []*machine.Machine, forward map[string]bool, problems []zone.Problem) {
	missing := map[string]bool{}
	for _, p := range problems {
		missing[p.Machine] = true
	}
	for _, m := range machines {
		name, addr, ok := zone.Host(m, lon6())
		if ok && !forward[strings.ToLower(name)+". "+addr.String()] && !missing[m.Name] {
			t.Fatalf("machine %s (%s %s) is neither in a zone nor in a problem: %v", m.Name, name, addr, problems)
		}
	}
}

func drawMachines(t *rapid.T) (machines []*machine.Machine) {
	address := rapid.SampledFrom([]string{
		"10.80.12.1", "10.80.12.17", "10.80.12.18", "10.80.14.17", "10.80.15.17", "10.80.20.66", "2001:db8:80:12::17", "192.0.2.7",
	})
	host := rapid.SampledFrom([]string{"", "db-1", "DB-1", "db-2", "lab", "ns", "-bad", "x.y"})
	for i := range rapid.IntRange(0, 12).Draw(t, "machines") {
		machines = append(machines, named(fmt.Sprintf("C%02d", i), host.Draw(t, "host"),
			rapid.SampledFrom(machine.Statuses()).Draw(t, "status"), rapid.SliceOfN(address, 0, 3).Draw(t, "addresses")...))
		machines[i].Since = since.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "since")) * time.Hour)
	}
	return machines
}

// pairs reads "name address" out of both kinds of zone, and fails on a record
// that stands twice or outside its zone. Glue repeats what a lower zone says.
func pairs(t *rapid.T, zones []zone.Zone) (forward, reverse map[string]bool) {
	forward, reverse = map[string]bool{}, map[string]bool{}
	for _, z := range zones {
		seen := map[string]bool{}
		for _, set := range z.RRsets {
			key := strings.ToLower(set.Name) + " " + set.Type.String()
			if seen[key] || !strings.HasSuffix(strings.ToLower(set.Name), z.Name) {
				t.Fatalf("zone %s: %s stands twice or does not belong", z.Name, key)
			}
			seen[key] = true
			for _, d := range set.Data {
				switch d := d.(type) {
				case zone.Address:
					forward[strings.ToLower(set.Name)+" "+d.String()] = true
				case zone.Pointer:
					pair := strings.ToLower(string(d)) + " " + addressOf(t, set.Name).String()
					if reverse[pair] {
						t.Fatalf("PTR %s stands twice", pair)
					}
					reverse[pair] = true
				}
			}
		}
	}
	return forward, reverse
}

// addressOf reads a reverse name without the code under test.
func addressOf(t *rapid.T, name string) netip.Addr {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	var s strings.Builder
	n := len(labels) - 2
	for i := n - 1; i >= 0; i-- {
		s.WriteString(labels[i])
		if labels[n] == "in-addr" && i > 0 {
			s.WriteByte('.')
		}
		if labels[n] == "ip6" && i%4 == 0 && i > 0 {
			s.WriteByte(':')
		}
	}
	a, err := netip.ParseAddr(s.String())
	if err != nil {
		t.Fatalf("reverse name %s: %v", name, err)
	}
	return a
}

func TestReverseZonesCoverEveryAddressOfTheirSubnet(t *testing.T) {
	for prefix, want := range map[string]string{
		"10.80.12.0/24":        "12.80.10.in-addr.arpa.",
		"10.80.12.64/26":       "12.80.10.in-addr.arpa.",
		"10.80.14.0/23":        "14.80.10.in-addr.arpa. 15.80.10.in-addr.arpa.",
		"10.80.0.0/16":         "80.10.in-addr.arpa.",
		"10.80.0.0/15":         "80.10.in-addr.arpa. 81.10.in-addr.arpa.",
		"10.0.0.0/8":           "10.in-addr.arpa.",
		"2001:db8::/32":        "8.b.d.0.1.0.0.2.ip6.arpa.",
		"2001:db8:8000::/34":   "8.8.b.d.0.1.0.0.2.ip6.arpa. 9.8.b.d.0.1.0.0.2.ip6.arpa. a.8.b.d.0.1.0.0.2.ip6.arpa. b.8.b.d.0.1.0.0.2.ip6.arpa.",
		"2001:db8:0:ff00::/59": "0.f.f.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 1.f.f.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
	} {
		s := &machine.Subnet{Name: "s", Prefix: netip.MustParsePrefix(prefix), Domain: "x.example"}
		zones, _ := zone.Build([]*machine.Subnet{s}, nil, zone.Options{})
		var got []string
		for _, z := range zones {
			if strings.HasSuffix(z.Name, ".arpa.") {
				got = append(got, z.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("reverse zones of %s = %v, want %s", prefix, got, want)
		}
	}
}

func TestSerialsGoForward(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct {
		prev uint32
		now  time.Time
		want uint32
	}{
		"the first is the time":                     {0, now, 1_800_000_000},
		"a later change has a later time":           {1_799_999_000, now, 1_800_000_000},
		"two changes in one second differ":          {1_800_000_000, now, 1_800_000_001},
		"a clock that went back changes nothing":    {1_800_000_000, now.AddDate(-1, 0, 0), 1_800_000_001},
		"past the end of the circle it goes on":     {1<<32 - 1, time.Unix(1<<32-100, 0), 1},
		"the time wraps in 2106 and goes forward":   {1<<32 - 5, time.Unix(1<<32+10, 0), 10},
		"half a circle away has no order: one more": {1_800_000_000 + 1<<31, now, 1_800_000_001 + 1<<31},
	} {
		got := zone.NextSerial(c.prev, c.now)
		if got != c.want || c.prev != 0 && !zone.SerialBefore(c.prev, got) {
			t.Errorf("%s: NextSerial(%d, %s) = %d, want %d", name, c.prev, c.now.UTC(), got, c.want)
		}
	}
}

func TestBindAcceptsTheText(t *testing.T) {
	checker, err := exec.LookPath("named-checkzone")
	if err != nil {
		t.Skip("SKIPPED: named-checkzone is missing; install bind9-utils to have zone texts checked by BIND")
	}
	subnets, machines := fleet(300)
	machines = append(machines, named("C0V", "v6", machine.InUse, "2001:db8:80:12::17"))
	zones, _ := zone.Build(append(subnets, lon6()...), machines, zone.Options{Servers: servers})
	for _, z := range zones {
		z.Serial = 1
		file := filepath.Join(t.TempDir(), "zone")
		if err := os.WriteFile(file, []byte(z.Text()), 0o600); err != nil {
			t.Fatal(err)
		}
		// Names of other zones are ours too: no look-ups (-i local).
		out, err := exec.CommandContext(t.Context(), checker, "-i", "local", "-k", "fail", "-r", "fail", "-n", "fail", z.Name, file).CombinedOutput()
		if err != nil {
			t.Errorf("named-checkzone %s: %v\n%s", z.Name, err, out)
		}
	}
}
