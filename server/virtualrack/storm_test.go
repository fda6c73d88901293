package virtualrack_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/storm"
)

// Every machine of a storm is served, strangers or not, and the appliance is as
// quick as before once it is over. The long form is the storm that an appliance
// on two processors of its own must stand three times in a row; there the stages
// are held to their second, too.
func TestAStormIsServed(t *testing.T) {
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		stands(t, storm.Spec{Machines: 10000, Within: time.Minute, Known: 5000, Repeat: 3}, time.Second)
		return
	}
	stands(t, storm.Spec{Machines: 200, Within: 2 * time.Second, Known: 100, Flood: 1000}, time.Minute)
}

// H-07: a million strangers, ten thousand a second, do not keep a machine from
// its boot.
func TestMachinesBootThroughAMillionStrangers(t *testing.T) {
	if os.Getenv("FIRSTLIGHT_LONG") == "" {
		t.Skip("the long form, of 100 s; set FIRSTLIGHT_LONG=1")
	}
	stands(t, storm.Spec{Machines: 1000, Within: 100 * time.Second, Known: 1000, Flood: 10000}, time.Second)
}

// A storm on an appliance that runs: machines of two networks of which this host
// is the relay, each served and each told of. Without the name of the link
// nothing is sent, and afterwards no address is left here.
func TestAStormAgainstAnApplianceThatRuns(t *testing.T) {
	r := start(t, virtualrack.Spec{Relayed: 3})
	a := storm.Against{Appliance: r.Address(), Behind: []netip.Prefix{virtualrack.RelayedNetwork(0), virtualrack.RelayedNetwork(1)}}
	var each strings.Builder
	spec := storm.Spec{Machines: 60, Within: time.Second, Each: &each}
	_, err := a.Run(t.Context(), spec)
	link := regexp.MustCompile(`add --interface (\S+)$`).FindStringSubmatch(fmt.Sprint(err))
	if link == nil {
		t.Fatalf("a link that nobody named: %v, want the remedy", err)
	}
	for _, wrong := range []storm.Against{
		{Appliance: r.Address(), Interface: link[1]},
		{Appliance: r.Address(), Interface: "eth7", Behind: a.Behind},
		{Appliance: r.Address(), Interface: link[1], Behind: []netip.Prefix{netip.PrefixFrom(r.Address(), 24).Masked()}},
		{Appliance: netip.MustParseAddr("fd00::1"), Interface: link[1], Behind: a.Behind},
	} {
		if err := wrong.Validate(); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
	a.Interface = link[1]
	result, err := a.Run(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	_ = result.Table(&table)
	t.Logf("\n%s\n%.500s", &table, &each)
	if result.Unserved() > 0 || result.Storms[0].PeakRSS != 0 || len(result.Storms[0].Stages) != 4 {
		t.Errorf("of %d machines %d were not served", result.Machines, result.Unserved())
	}
	if lines := strings.Split(strings.TrimSpace(each.String()), "\n"); len(lines) != 61 || !strings.HasSuffix(lines[60], ",,") || !strings.Contains(lines[60], "http://") {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	if out, err := exec.Command("ip", "route", "show", "table", "local", virtualrack.RelayedNetwork(0).String()).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("left behind: %s, %v", out, err)
	}
}

// stands has the storm, of which every stage's p99 has a bound.
func stands(t *testing.T, s storm.Spec, p99 time.Duration) {
	t.Helper()
	r := start(t, virtualrack.Spec{Relayed: s.Racks()})
	result, err := storm.Run(t.Context(), r, s)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := result.Table(&table); err != nil {
		t.Error(err)
	}
	t.Logf("%s:\n%s", s.Describe(), &table)
	if n := result.Unserved(); n > 0 {
		t.Errorf("%d machines were not served", n)
	}
	for i, one := range result.Storms {
		if !one.Recovered || one.Recovery > 10*time.Second {
			t.Errorf("after storm %d a boot alone is slow for %s, want quick within 10 s", i+1, one.Recovery)
		}
		if one.PeakRSS > 512<<20 {
			t.Errorf("storm %d took %d MiB, want at most 512", i+1, one.PeakRSS>>20)
		}
		if s.Flood > 0 && one.Strangers == 0 {
			t.Errorf("storm %d had no strangers: this was no flood", i+1)
		}
		for _, stage := range one.Stages {
			if stage.P99 > p99 {
				t.Errorf("storm %d: p99 of %s is %s, want at most %s", i+1, stage.Name, stage.P99, p99)
			}
		}
	}
}

// Two hundred machines that nobody knows share one link of a gigabit, fetch 29 MB
// each, and are accepted within 90 s.
func TestTwoHundredMachinesAreDiscoveredThroughAGigabit(t *testing.T) {
	if os.Getenv("FIRSTLIGHT_LONG") == "" {
		t.Skip("it carries 6 GB; set FIRSTLIGHT_LONG=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	took, err := storm.Discover(ctx, start(t, storm.Rack(virtualrack.Spec{})))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d machines were discovered in %s", storm.Discovery, took.Round(time.Millisecond))
	// What the wire alone takes for them: less would be a link that is not slowed.
	if wire := time.Duration(storm.Discovery * 29e6 * 8 / storm.Gigabit * float64(time.Second)); took < wire*9/10 || took > 90*time.Second {
		t.Errorf("it took %s, want %s to 90 s", took, wire)
	}
}
