package api

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

func TestWhereAMachineIs(t *testing.T) {
	b := newBench(t)
	b.add(1)
	patched := read[Machine](b, b.as(auth.Admin, http.MethodPatch, "/machines/FL1", `{"nics":{"`+mac(1).String()+`":{"switch":"sw3","port":"23"}},"bmc_switch":"mgmt1","bmc_port":"7"}`), http.StatusOK)
	if patched.BMC.Switch != "mgmt1" || patched.BMC.Port != "7" {
		t.Errorf("BMC = %+v, want it planned in mgmt1/7", patched.BMC)
	}
	b.db.Relayed(machine.Relayed{MAC: mac(1), Relay: netip.MustParseAddr("10.1.3.1"), Circuit: []byte("sw3:Ethernet31"), At: b.db.Now()})
	got := read[Machine](b, b.get("/machines/FL1"), http.StatusOK)
	name := got.NICs[0].Name
	want := &Where{Cables: []Cable{
		{
			Name: name, MAC: mac(1).String(), Switch: "sw3", Port: "23",
			Seen:  []Sighting{{Leg: "relay", Switch: "sw3", Port: "Ethernet31", Sure: true, Relay: "10.1.3.1", Circuit: "sw3:Ethernet31"}},
			Wrong: name + " is in sw3/Ethernet31 by its relay (option 82), plan says sw3/23: move the cable to sw3/23, or accept where it is.",
		},
		{Name: "BMC", Switch: "mgmt1", Port: "7", Seen: []Sighting{}},
	}}
	if diff := cmp.Diff(want, got.Where, cmpopts.IgnoreFields(Sighting{}, "Since", "At")); diff != "" {
		t.Errorf("where (-want +got):\n%s", diff)
	}
	if list := read[List[Machine]](b, b.get("/machines"), http.StatusOK); list.Items[0].Where != nil {
		t.Error("a list says where each machine is")
	}
	half := b.as(auth.Admin, http.MethodPatch, "/machines/FL1", `{"bmc_port":""}`)
	if half.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("half a cable of the BMC is answered %d, want it refused", half.StatusCode)
	}
}
