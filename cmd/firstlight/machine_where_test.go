package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/api"
)

func TestWhoSaysWhereACableIs(t *testing.T) {
	for _, tt := range []struct {
		cable api.Cable
		want  []any
	}{
		{api.Cable{Name: "BMC"}, []any{"BMC", "", "", "", "not known"}},
		{
			api.Cable{Name: "eth0", Switch: "sw3", Port: "31", Seen: []api.Sighting{
				{Leg: "lldp", Switch: "sw3", Port: "Ethernet31", Sure: true},
				{Leg: "relay", Circuit: "0xdead", Why: "what the relay calls the port is of no form that is known"},
			}},
			[]any{"eth0", "sw3/31", "sw3/Ethernet31", "0xdead (what the relay calls the port is of no form that is known)", "nothing disagrees"},
		},
		{
			api.Cable{Name: "eth0", Seen: []api.Sighting{{Leg: "relay", Port: "Et1"}, {Leg: "relay", Switch: "sw4", Port: "Et2"}}, Wrong: "Of eth0, …"},
			[]any{"eth0", "", "", "Et1, sw4/Et2", "Of eth0, …"},
		},
	} {
		var got []any
		for _, c := range cableColumns {
			got = append(got, c.Value(tt.cable))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.cable, diff)
		}
	}
}
