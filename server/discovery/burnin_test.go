package discovery

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/machine"
)

func TestARuleAsksForACheck(t *testing.T) {
	passed := &machine.Checked{Job: "j1", Seconds: 600, OK: true}
	failed := &machine.Checked{Job: "j1", Seconds: 600, Sentence: "DIMM B2 has 3 errors"}
	for _, tt := range []struct {
		name   string
		asks   int64
		last   *machine.Checked
		accept bool
		wait   time.Duration
		says   string // evidence, or what it is held for
	}{
		{"a rule that asks for none", 0, nil, true, 0, "rule lab asks for none"},
		{"a check that nobody had to ask for", 0, passed, true, 0, "check j1 passed, 10m"},
		{"none yet", 600, nil, false, 10 * time.Minute, "rule lab has it checked for 10m first"},
		{"one that passed", 600, passed, true, 0, "check j1 passed, 10m"},
		{"a shorter one", 3600, passed, false, time.Hour, "rule lab has it checked for 1h first"},
		{"one that failed", 600, failed, false, 0, "its check failed: DIMM B2 has 3 errors"},
		{"one that failed, though the rule asks for none", 0, failed, false, 0, "its check failed: DIMM B2 has 3 errors"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, r := newcomer(drive("D1")), rule("lab", "subnet=lab")
			r.Check, m.Checked = tt.asks, tt.last
			k := Known{Subnet: "lab", Rules: []*machine.Rule{r}, Plan: planned{}}
			v := Judge(m, k)
			if says := v.Sentence + v.Evidence[machine.GuardBurnIn]; v.Accept != tt.accept || v.Check != tt.wait || !strings.Contains(says, tt.says) {
				t.Errorf("Judge = %+v; want accepted %v, %s, …%s…", v, tt.accept, tt.wait, tt.says)
			}
			if w := Waive(m, k); !w.Accept || !tt.accept != strings.Contains(w.Waived[machine.GuardBurnIn], tt.says) {
				t.Errorf("Waive = %+v", w)
			}
			// What is wrong beside it is told first: nothing is checked for hours to be held then.
			m.Serial = "None"
			if v := Judge(m, k); v.Reason != ReasonSerial || v.Check != 0 {
				t.Errorf("with a bad serial: %+v", v)
			}
		})
	}
}
