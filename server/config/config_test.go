package config

import (
	"bufio"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firstlight/server/machine"
	"firstlight/server/trust"
)

func TestGoodExamplesAreRead(t *testing.T) {
	for _, path := range examples(t, "*.good.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if _, err := Load(path); err != nil {
				t.Errorf("Load(%s) = %v, want none", path, err)
			}
		})
	}
}

// TestBadExamplesAreExplained holds every problem against the "# want:" lines
// at the head of the file.
func TestBadExamplesAreExplained(t *testing.T) {
	for _, path := range examples(t, "*.bad.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(path), text)
			if err == nil {
				t.Fatal("Parse() found nothing wrong")
			}
			if diff := cmp.Diff(wanted(string(text)), strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("Parse() explains otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

func examples(t *testing.T, glob string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("testdata", glob))
	if err != nil || len(all) == 0 {
		t.Fatalf("Glob(%s) = %v, %v", glob, all, err)
	}
	return all
}

func wanted(text string) (lines []string) {
	in := bufio.NewScanner(strings.NewReader(text))
	for in.Scan() {
		if want, ok := strings.CutPrefix(in.Text(), "# want: "); ok {
			lines = append(lines, want)
		}
	}
	return lines
}

var (
	address    = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	compareNet = cmp.Options{
		address,
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
		cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
		cmpopts.IgnoreUnexported(Interface{}, Login{}),
	}
)

func TestDefaults(t *testing.T) {
	got, err := Load("testdata/smallest.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		State: "/var/lib/firstlight", Interfaces: []Interface{{Name: "eth1"}}, HTTPPort: 80,
		People: People{Listen: "127.0.0.1:8443"}, TFTP: TFTP{Transfers: 1024, PerSource: 8},
		Site:      Site{Name: "lon6", Domain: "lon6.example.net", Hostnames: "<site>-<role>-<n>"},
		Retention: 720 * time.Hour, Audit: 17520 * time.Hour, Log: Log{Level: slog.LevelInfo}, Trust: trust.Default(),
	}
	if diff := cmp.Diff(want, got, compareNet); diff != "" {
		t.Errorf("Load() (-want +got):\n%s", diff)
	}
}

func TestEveryValueArrives(t *testing.T) {
	got, err := Load("testdata/rack.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got.State != "testdata/state" {
		t.Errorf("State = %q, want it below the file's folder", got.State)
	}
	if want := []netip.AddrPort{netip.MustParseAddrPort("10.80.12.1:53"), netip.MustParseAddrPort("10.80.12.2:53")}; !slices.Equal(got.DNS.Listen, want) {
		t.Errorf("DNS.Listen = %v, want %v", got.DNS.Listen, want)
	}
	ip := netip.MustParseAddr
	subnet := &machine.Subnet{
		Name: "rack", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lon6", Domain: "lon6.example.net",
		Ranges:  []machine.Range{{First: ip("10.80.12.100"), Last: ip("10.80.12.199")}, {First: ip("10.80.12.210"), Last: ip("10.80.12.219")}},
		Gateway: ip("10.80.12.1"), DNS: []netip.Addr{ip("10.80.12.1")}, Mode: "server", Policy: machine.PolicyRegister, Lease: 10 * time.Minute,
	}
	if diff := cmp.Diff([]*machine.Subnet{subnet}, got.Subnets, compareNet); diff != "" {
		t.Errorf("Subnets (-want +got):\n%s", diff)
	}
	rules := []*machine.Rule{
		{Name: "lab-metal", Order: 1, Match: "subnet=rack vendor=QEMU", Accept: true, Site: "lon6", Role: "web", Image: "debian-12", Limit: 2},
		{Name: "strangers", Order: 2, Site: "lon6"},
	}
	if diff := cmp.Diff(rules, got.Rules); diff != "" {
		t.Errorf("Rules (-want +got):\n%s", diff)
	}
	if got.HTTPPort != 8080 || got.HTTPSPort != 8443 {
		t.Errorf("HTTPPort = %d, HTTPSPort = %d", got.HTTPPort, got.HTTPSPort)
	}
	if got.Log != (Log{slog.LevelDebug, true}) || got.People.Listen != "fd:people" || len(got.SSHKeys) != 1 {
		t.Errorf("Log = %v, People = %v, SSHKeys = %v", got.Log, got.People, got.SSHKeys)
	}
}

func TestDatabaseURLsTellNoPassword(t *testing.T) {
	const secret = "Tr0ub4dor"
	for _, text := range []string{
		"postgres://ada:" + secret + "@db.example/firstlight",
		"postgresql://ada:p@" + secret + "@db.example/firstlight",
		"postgres://ada@db.example/firstlight?password=" + secret,
		"postgres://ada@db.example/firstlight?sslpassword=" + secret,
		"postgres://ada@db.example/firstlight?%zz=" + secret,
		"mysql://ada:" + secret + "@db.example/firstlight",
		"ada:" + secret + "@db.example",
		"host=db.example password=" + secret,
	} {
		if err := DatabaseURL(text); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("DatabaseURL(%s) = %v, want a refusal without the password", text, err)
		}
	}
}

// hidden finds the settings that the reference hides behind a "#".
var hidden = regexp.MustCompile(`(?m)^#([a-z]|  )`)

func TestTheReferenceCanBeReadAndDocumentsEveryKey(t *testing.T) {
	c, err := Parse("reference.yaml", []byte(Reference()))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Subnets[0].Policy; got != machine.PolicyObserve {
		t.Errorf("policy of the reference's subnet = %q, want observe", got)
	}
	full := hidden.ReplaceAllString(Reference(), "$1")
	_, asked, err := read("full reference", []byte(full))
	if err != nil {
		t.Fatalf("with every setting shown: %v", err)
	}
	root, err := parse("full reference", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	paths(root, "", shown)
	for _, key := range slices.Sorted(maps.Keys(asked)) {
		if !shown[key] {
			t.Errorf("the reference does not show the key %s", key)
		}
	}
}

func TestTheReferenceShowsTheDefaults(t *testing.T) {
	plain, err := Parse("reference.yaml", []byte(Reference()))
	if err != nil {
		t.Fatal(err)
	}
	full, err := Parse("reference.yaml", []byte(hidden.ReplaceAllString(Reference(), "$1")))
	if err != nil {
		t.Fatal(err)
	}
	examples := cmp.Options{
		cmpopts.IgnoreFields(Config{}, "Database", "Rules", "Vendors", "SSHKeys", "DNS", "DHCP"), cmpopts.IgnoreFields(Interface{}, "Address", "Address6"),
		cmpopts.IgnoreFields(Site{}, "BMC"), cmpopts.IgnoreFields(People{}, "Names"), cmpopts.IgnoreFields(machine.Subnet{}, "Network", "Gateway", "DNS"),
	}
	if diff := cmp.Diff(plain, full, compareNet, examples); diff != "" {
		t.Errorf("a hidden setting is not the default (-default +reference):\n%s", diff)
	}
}

func paths(n *node, prefix string, into map[string]bool) {
	for _, e := range n.keys {
		into[prefix+e.name] = true
		paths(e.value, prefix+e.name+".", into)
	}
	for _, i := range n.items {
		paths(i, prefix, into)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Reference()))
	for _, glob := range []string{"testdata/*.good.yaml", "testdata/*.bad.yaml"} {
		files, err := filepath.Glob(glob)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("fuzz", text)
		if (c == nil) == (err == nil) {
			t.Fatalf("Parse() = %v, %v: want one of both", c, err)
		}
		if err != nil {
			return
		}
		for _, s := range c.Subnets {
			if err := s.Validate(); err != nil {
				t.Errorf("a subnet was let through: %v", err)
			}
		}
		for _, r := range c.Rules {
			if err := r.Validate(); err != nil {
				t.Errorf("a rule was let through: %v", err)
			}
		}
	})
}
