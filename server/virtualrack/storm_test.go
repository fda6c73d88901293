package virtualrack_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/storm"
)

// Every machine of a storm is served, and the appliance is as quick as before
// once it is over. The long form is the storm that an appliance on two
// processors of its own must stand three times in a row; there the stages are
// held to their second, too.
func TestAStormIsServed(t *testing.T) {
	s, long := storm.Spec{Machines: 300, Within: 2 * time.Second, Known: 100}, os.Getenv("FIRSTLIGHT_LONG") != ""
	if long {
		s = storm.Spec{Machines: 10000, Within: time.Minute, Known: 5000, Repeat: 3}
	}
	r := start(t, virtualrack.Spec{Relayed: s.Racks()})
	result, err := storm.Run(t.Context(), r, s)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := result.Table(&table); err != nil {
		t.Error(err)
	}
	t.Logf("\n%s", &table)
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
		for _, stage := range one.Stages {
			if long && stage.P99 > time.Second {
				t.Errorf("storm %d: p99 of %s is %s, want at most 1 s", i+1, stage.Name, stage.P99)
			}
		}
	}
}
