package storetest

import (
	"errors"
	"net/netip"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// another is a machine that shares nothing with the sample.
func another() *machine.Machine {
	return &machine.Machine{ID: "0192f0c0-0000-7000-8000-000000000002", Name: "FL0002", NICs: []machine.NIC{{MAC: machine.MAC{2, 0, 0, 0, 0, 2}}}}
}

func unique(t *testing.T, open Open) {
	s := open()
	update(t, s, Fill)
	for _, tt := range []struct {
		name   string
		change func(*machine.Machine)
	}{
		{"a name", func(m *machine.Machine) { m.Name = sample().Name }},
		{"a host name", func(m *machine.Machine) { m.Hostname = sample().Hostname }},
		{"a MAC", func(m *machine.Machine) { m.NICs[0].MAC = sample().NICs[1].MAC }},
		{"an address", func(m *machine.Machine) { m.NICs[0].Address = sample().NICs[0].Address }},
		{"a unit at one face", func(m *machine.Machine) { m.Rack, m.Unit, m.Face = planned().Rack, planned().Unit+1, machine.Front }},
		{"a unit in its whole depth", func(m *machine.Machine) { m.Rack, m.Unit, m.Height = planned().Rack, planned().Unit-2, 3 }},
		{"a port of a switch", func(m *machine.Machine) { m.NICs[0].Switch, m.NICs[0].Port = "sw3", "23" }},
		{"a MAC twice in one machine", func(m *machine.Machine) { m.NICs = append(m.NICs, m.NICs[0]) }},
	} {
		m := another()
		tt.change(m)
		if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutMachine(m, nil) }); !errors.Is(err, store.ErrTaken) {
			t.Errorf("%s: PutMachine = %v, want ErrTaken", tt.name, err)
		}
	}
	twin := subnet()
	twin.Name = "twin"
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutSubnet(twin) }); !errors.Is(err, store.ErrTaken) {
		t.Errorf("a prefix twice: PutSubnet = %v, want ErrTaken", err)
	}
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.AddHistory(history()[0]) }); !errors.Is(err, store.ErrTaken) {
		t.Errorf("a history row twice: AddHistory = %v, want ErrTaken", err)
	}
	Kept(t, s, Newest)
}

func absent(t *testing.T, open Open) {
	s := open()
	third := another()
	third.ID, third.Name, third.NICs[0].MAC = "3", "FL0003", machine.MAC{2, 0, 0, 0, 0, 3}
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutMachine(another(), nil), tx.PutMachine(third, nil), tx.PutJob(job("a", machine.JobFailed, at), 0), tx.PutJob(job("b", machine.JobFinished, at), 0))
	})
}

// placed asserts what may stand side by side: another face, another unit, and
// the place of a machine that is gone.
func placed(t *testing.T, open Open) {
	s := open()
	update(t, s, Fill)
	update(t, s, func(tx *store.Tx) error {
		behind, above, gone := another(), another(), planned()
		behind.Rack, behind.Unit, behind.Face = gone.Rack, gone.Unit, machine.Rear
		above.ID, above.Name, above.NICs = "3", "FL0003", nil
		above.Rack, above.Unit = gone.Rack, gone.Unit+2
		if err := errors.Join(tx.PutMachine(behind, nil), tx.PutMachine(above, nil)); err != nil {
			return err
		}
		gone.Status = machine.Retired
		next := another()
		next.ID, next.Name, next.NICs = "4", "FL0004", []machine.NIC{{MAC: machine.MAC{2, 0, 0, 0, 0, 4}, Switch: "sw3", Port: "23"}}
		next.Rack, next.Unit, next.Face = gone.Rack, gone.Unit, machine.Front
		return errors.Join(tx.PutMachine(gone, planned()), tx.PutMachine(next, nil))
	})
}

func moved(t *testing.T, open Open) {
	s := open()
	update(t, s, Fill)
	update(t, s, func(tx *store.Tx) error {
		from, to := sample(), another()
		to.NICs = append(to.NICs, from.NICs[0])
		from.NICs = from.NICs[1:]
		return errors.Join(tx.PutMachine(from, sample()), tx.PutMachine(to, nil))
	})
	view(t, s, func(tx *store.Tx) error {
		all, err := tx.Machines()
		if len(all) != 3 || len(all[0].NICs) != 1 || len(all[2].NICs) != 2 || all[2].NICs[1].Address != netip.MustParseAddr("10.80.12.100") {
			t.Errorf("machines = %+v", all)
		}
		return err
	})
}

func oneOpenJob(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error { return tx.PutJob(job("a", machine.JobQueued, at), 0) })
	put := func(id string, status machine.JobStatus, read int64) error {
		return s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutJob(job(id, status, at), read) })
	}
	if err := put("b", machine.JobQueued, 0); !errors.Is(err, store.ErrTaken) {
		t.Errorf("a second open job = %v, want ErrTaken", err)
	}
	if err := errors.Join(put("a", machine.JobStarted, 2), put("a", machine.JobCancelled, 2), put("b", machine.JobQueued, 0)); err != nil {
		t.Errorf("one after the other = %v", err)
	}
}
