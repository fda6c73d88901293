package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

func replaced(t *testing.T, open Open) {
	s := open()
	update(t, s, Fill)
	update(t, s, func(tx *store.Tx) error {
		m, l, d, j, n, r, i := sample(), leased(), decision(), job("open", machine.JobFinished, at), subnet(), rule("lab", 9), image()
		m.NICs, m.Hostname, m.Status = m.NICs[:1], "", machine.Broken
		l.State, d.Count, n.Domain, i.SHA256 = "released", 8, "x.example", "0b"
		return errors.Join(
			tx.PutMachine(m, sample()), tx.PutLease(l, l.Version), tx.PutDecision(d), tx.PutJob(j, j.Version), tx.PutSubnet(n), tx.PutRule(r), tx.PutImage(i),
			tx.PutMeta("key", "second"), tx.PutCredential("owner", "second"), tx.PutPerson("account", "ada", "{}"),
		)
	})
	view(t, s, func(tx *store.Tx) error {
		all, err := tx.Machines()
		if len(all) != 2 || all[0].Status != machine.Broken || len(all[0].NICs) != 1 {
			t.Errorf("machines = %+v", all)
		}
		leases, leaseErr := tx.Leases()
		meta, metaErr := tx.Meta("key")
		like, likeErr := tx.MetaLike("ke")
		if len(like) != 1 || like["key"] != "second" {
			t.Errorf("meta that begins with ke = %v, %v", like, likeErr)
		}
		sealed, sealErr := tx.Credential("owner")
		if len(leases) != 1 || leases[0].State != "released" || meta != "second" || sealed != "second" {
			t.Errorf("leases = %+v, meta %q, credential %q", leases, meta, sealed)
		}
		return errors.Join(err, leaseErr, metaErr, likeErr, sealErr)
	})
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.DropPerson("account", "ada"), tx.DropCredential("owner"), tx.DropCredential("nobody"), tx.DropMeta("nothing"))
	})
	view(t, s, func(tx *store.Tx) error {
		if sealed, err := tx.Credential("owner"); sealed != "" || err != nil {
			t.Errorf("credential = %q, %v; want it forgotten", sealed, err)
		}
		return same(t, "people", map[string]string{}, func() (map[string]string, error) { return tx.People("account") })
	})
}

var errOurs = errors.New("ours")

func undone(t *testing.T, open Open) {
	s := open()
	err := s.Update(t.Context(), func(tx *store.Tx) error { return errors.Join(Fill(tx), errOurs) })
	if !errors.Is(err, errOurs) {
		t.Errorf("Update = %v, want our error", err)
	}
	empty(t, func() *store.Store { return s })
}

func partUndone(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error {
		put := func(value string, then error) error {
			return tx.Try(func() error { return errors.Join(tx.PutMeta("key", value), tx.PutMeta(value, value), then) })
		}
		if err := put("first", nil); err != nil {
			return err
		}
		if err := put("second", errOurs); !errors.Is(err, errOurs) || errors.Is(err, store.ErrUndone) {
			t.Errorf("Try = %v, want our error", err)
		}
		taken := tx.Try(func() error { return errors.Join(tx.AddAudit(audit()), tx.AddAudit(audit())) })
		if !errors.Is(taken, store.ErrTaken) {
			t.Errorf("Try = %v, want ErrTaken", taken)
		}
		return put("third", nil)
	})
	view(t, s, func(tx *store.Tx) error {
		for key, want := range map[string]string{"key": "third", "first": "first", "second": "", "third": "third"} {
			if got, err := tx.Meta(key); got != want || err != nil {
				t.Errorf("Meta(%s) = %q, %v; want %q", key, got, err, want)
			}
		}
		return same(t, "audit", nil, func() ([]store.Audit, error) { return tx.Audits(store.AuditQuery{Limit: 10}) })
	})
}

func panicked(t *testing.T, open Open) {
	s := open()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(t.Context(), func(tx *store.Tx) error {
			if err := tx.PutMeta("key", "value"); err != nil {
				t.Error(err)
			}
			panic("a bug")
		})
	}()
	update(t, s, func(tx *store.Tx) error { return tx.PutMeta("other", "value") })
	view(t, s, func(tx *store.Tx) error {
		return same(t, "meta", "", func() (string, error) { return tx.Meta("key") })
	})
}

// oneState writes two values that are always equal and reads them one by one.
func oneState(t *testing.T, open Open) {
	s := open()
	stop := make(chan struct{})
	var g sync.WaitGroup
	g.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			v := fmt.Sprint(n)
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return errors.Join(tx.PutMeta("a", v), tx.PutMeta("b", v)) }); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 50 {
		view(t, s, func(tx *store.Tx) error {
			a, errA := tx.Meta("a")
			b, errB := tx.Meta("b")
			if a != b {
				t.Errorf("a view sees a = %s and b = %s", a, b)
			}
			return errors.Join(errA, errB)
		})
	}
	close(stop)
	g.Wait()
}

// readers reads while an update is open.
func readers(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error { return tx.PutMeta("key", "before") })
	update(t, s, func(tx *store.Tx) error {
		if err := tx.PutMeta("key", "after"); err != nil {
			return err
		}
		read := make(chan string, 1)
		go func() {
			var got string
			err := s.View(t.Context(), func(tx *store.Tx) (err error) {
				got, err = tx.Meta("key")
				return err
			})
			read <- fmt.Sprint(got, " ", err)
		}()
		select {
		case got := <-read:
			if got != "before <nil>" {
				t.Errorf("a reader sees %q, want what was committed", got)
			}
		case <-time.After(5 * time.Second):
			t.Error("a reader waits for the writer")
		}
		return nil
	})
}
