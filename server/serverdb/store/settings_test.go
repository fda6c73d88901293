package store

import (
	"net/netip"
	"path/filepath"
	"testing"

	"firstlight/server/machine"
)

// Records of before there were option sets have the options of a subnet; they are
// taken once, and the subnet is left as it was.
func TestOptionsAreTakenOutOfSubnets(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "serverdb.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), func(tx *Tx) error {
		return tx.exec("write", `INSERT INTO subnets (name, prefix, record) VALUES ('lab', '10.80.12.0/24',
			'{"name":"lab","prefix":"10.80.12.0/24","site":"lon6","mode":"server","options":[{"option":"mtu","value":"9000","match":"role=db"},{"option":"42","value":"10.0.0.1"}],"policy":"observe","lease":3600000000000}')`)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		err = s.Update(t.Context(), func(tx *Tx) error {
			lists, err := tx.TakeSubnetOptions()
			if got := lists["lab"]; len(got) != want || want > 0 && got[0] != (SubnetOption{machine.Option{Option: "mtu", Value: "9000"}, "role=db"}) {
				t.Errorf("taken: %+v, want %d", lists, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = s.View(t.Context(), func(tx *Tx) error {
		all, err := tx.Subnets()
		if len(all) != 1 || all[0].Prefix != netip.MustParsePrefix("10.80.12.0/24") || all[0].Site != "lon6" || all[0].Policy != machine.PolicyObserve {
			t.Errorf("left: %+v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
