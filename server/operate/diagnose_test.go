package operate

import (
	"testing"
	"time"

	"firstlight/server/diagnosis"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// TestDiagnoseFindsAMachineThatNobodyKnowsByItsMAC: one that asks from a network
// which nobody configured hears nothing, and is told of all the same.
func TestDiagnoseFindsAMachineThatNobodyKnowsByItsMAC(t *testing.T) {
	d, _ := desk(t)
	mac := machine.MAC{0x52, 0x54, 0, 0, 0, 9}
	d.DB.Note(journal.Event{
		MAC: mac, Source: journal.DHCP, Text: "UEFI x64 asked for an address and got no answer: no subnet of ours has the address 10.99.0.1",
		Details: map[string]string{
			journal.DetailOutcome: string(journal.Unanswered), journal.DetailReason: "no_subnet", journal.DetailRelay: "10.99.0.1",
			journal.DetailProblem: "no subnet of ours has the address 10.99.0.1", "stage": "firmware",
		},
	})
	deadline := time.Now().Add(10 * time.Second)
	for { // notes are written with the next batch
		all, err := d.Diagnose(t.Context(), mac.String())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 1 && all[0].Fault == diagnosis.NoSubnet {
			break
		}
		if len(all) > 0 || time.Now().After(deadline) {
			t.Fatalf("Diagnose(%s) = %+v, want no-subnet", mac, all)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := d.Diagnose(t.Context(), "nobody"); err == nil {
		t.Error("a name that nobody has is no MAC")
	}
}
