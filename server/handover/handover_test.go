package handover

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/machine"
)

func host(status machine.Status) Host {
	return Host{
		Machine: &machine.Machine{
			Name: "C0MPUT3", Serial: "C0MPUT3", Kind: machine.Metal, Status: status, Site: "lon6", Rack: "lon6-r12", Unit: 7, Role: "db", Pool: "a",
			Hostname: "lon6-db-1", Params: map[string]string{"tier": "gold"}, Tags: []string{"canary"},
			NICs: []machine.NIC{{Name: "eth0", MAC: machine.MAC{2, 0, 0, 0, 0, 1}, Address: netip.MustParseAddr("10.80.12.100"), Boot: true}},
		},
		Role:   &machine.Role{Name: "db", Classes: []string{"role::db"}, Environment: "production", Params: map[string]string{"tier": "silver", "shards": "4"}},
		Domain: "lon6.example.net",
	}
}

func TestClassify(t *testing.T) {
	got, err := Classify(host(machine.InUse))
	want := Node{
		Classes: []string{"role::db"}, Environment: "production",
		Parameters: map[string]string{
			"tier": "gold", "shards": "4", "firstlight_name": "C0MPUT3", "firstlight_serial": "C0MPUT3", "firstlight_kind": "metal",
			"firstlight_status": "in_use", "firstlight_site": "lon6", "firstlight_rack": "lon6-r12", "firstlight_unit": "7", "firstlight_role": "db",
			"firstlight_pool": "a", "firstlight_fqdn": "lon6-db-1.lon6.example.net", "firstlight_address": "10.80.12.100",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Classify (-want +got):\n%s%v", diff, err)
	}
}

func TestOnlyMachinesWithAnOwnerAreClassified(t *testing.T) {
	for _, s := range machine.Statuses() {
		_, err := Classify(host(s))
		var refusal *Refusal
		if given := s == machine.Installing || s == machine.Configuring || s == machine.InUse; given != (err == nil) || !given && !errors.As(err, &refusal) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestGroup(t *testing.T) {
	nameless := host(machine.Available)
	nameless.Machine.Hostname, nameless.Machine.Role, nameless.Role = "", "", nil
	inv := Group([]Host{host(machine.InUse), nameless})
	if diff := cmp.Diff([]string{"C0MPUT3", "lon6-db-1.lon6.example.net"}, inv.Groups["rack_lon6_r12"]); diff != "" {
		t.Errorf("the rack's group: %s", diff)
	}
	if diff := cmp.Diff([]string{"lon6-db-1.lon6.example.net"}, inv.Groups["tag_canary"][1:]); diff != "" {
		t.Errorf("the tag's group: %s", diff)
	}
	if got := inv.Hosts["lon6-db-1.lon6.example.net"]; got["ansible_host"] != "10.80.12.100" || got["tier"] != "gold" || got["firstlight_role"] != "db" {
		t.Errorf("host vars = %v", got)
	}
}

func TestTargets(t *testing.T) {
	silent := host(machine.Expected)
	silent.Machine.NICs = nil
	got := Targets([]Host{silent, host(machine.InUse)}, 9100)
	if len(got) != 1 || got[0].Targets[0] != "10.80.12.100:9100" || got[0].Labels["__meta_firstlight_role"] != "db" || got[0].Labels["__meta_firstlight_tags"] != ",canary," {
		t.Errorf("Targets = %+v", got)
	}
}
