package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

func jobOrder(t *testing.T, open Open) {
	s := open()
	other := job("open", machine.JobQueued, at)
	other.Machine = "another"
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(
			tx.PutJob(job("old", machine.JobFinished, at.Add(time.Hour)), 0), tx.PutJob(job("older", machine.JobFailed, at), 0),
			tx.PutJob(job("new", machine.JobFinished, at.Add(2*time.Hour)), 0), tx.PutJob(other, 0),
		)
	})
	view(t, s, func(tx *store.Tx) error {
		all, err := tx.Jobs(2)
		var ids []string
		for _, j := range all {
			ids = append(ids, j.ID)
		}
		if diff := cmp.Diff([]string{"open", "new", "old"}, ids); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		return err
	})
}

// ids gives the ids of a machine's events.
func ids(t *testing.T, s *store.Store, id string, before int64, limit int) (all []int64) {
	t.Helper()
	view(t, s, func(tx *store.Tx) error {
		events, err := tx.Events(id, before, limit)
		for _, e := range events {
			all = append(all, e.ID)
		}
		return err
	})
	return all
}

func pages(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error {
		for n := range int64(5) {
			if err := tx.AddEvents(event(n + 1)); err != nil {
				return err
			}
		}
		return tx.AddEvents(journal.Event{ID: 9, Machine: "another", At: at})
	})
	for _, tt := range []struct {
		before int64
		want   []int64
	}{{0, []int64{5, 4}}, {4, []int64{3, 2}}, {2, []int64{1}}, {1, nil}} {
		if diff := cmp.Diff(tt.want, ids(t, s, sample().ID, tt.before, 2)); diff != "" {
			t.Errorf("page before %d (-want +got):\n%s", tt.before, diff)
		}
	}
}

// manyEvents are written by statements of several rows and of one.
func manyEvents(t *testing.T, open Open) {
	s := open()
	want := make([]journal.Event, 37)
	for n := range want {
		want[n] = event(int64(n + 1))
	}
	update(t, s, func(tx *store.Tx) error { return tx.AddEvents(want...) })
	var got []journal.Event
	view(t, s, func(tx *store.Tx) (err error) {
		got, err = tx.EventsAfter(0, 100)
		return err
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

// strange is what an unknown MAC did, hours after the others.
func strange(id int64, mac byte, hours int) journal.Event {
	return journal.Event{ID: id, MAC: machine.MAC{2, 0, 0, 0, 0, mac}, At: at.Add(time.Duration(hours) * time.Hour), Source: journal.DHCP}
}

func adopted(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(
			tx.AddEvents(strange(1, 7, 0)), tx.AddEvents(strange(2, 7, 2)), tx.AddEvents(strange(3, 8, 2)), tx.AddEvents(event(4)),
			tx.AdoptEvents(machine.MAC{2, 0, 0, 0, 0, 7}, "m7", at.Add(time.Hour)),
		)
	})
	if diff := cmp.Diff([]int64{2}, ids(t, s, "m7", 0, 10)); diff != "" {
		t.Errorf("events of the machine (-want +got):\n%s", diff)
	}
	view(t, s, func(tx *store.Tx) error {
		rest, err := tx.EventsOfMAC(machine.MAC{2, 0, 0, 0, 0, 7}, 10)
		if len(rest) != 1 || rest[0].ID != 1 {
			t.Errorf("what stays the MAC's = %+v, want the oldest alone", rest)
		}
		return err
	})
}

func forgotten(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(Fill(tx), tx.AddEvents(event(2)), tx.DropEvents(event(2).At))
	})
	if diff := cmp.Diff([]int64{2}, ids(t, s, sample().ID, 0, 10)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	view(t, s, func(tx *store.Tx) error {
		return same(t, "history", history(), func() ([]machine.History, error) { return tx.History(sample().ID) })
	})
}

func strangers(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error {
		err := tx.AddEvents(event(100))
		for n := range int64(10) {
			err = errors.Join(err, tx.AddEvents(strange(n+1, byte(n), 0)))
		}
		return errors.Join(err, tx.KeepStrangers(4))
	})
	if diff := cmp.Diff([]int64{10, 9, 8, 7}, ids(t, s, "", 0, 20)); diff != "" {
		t.Errorf("strangers (-want +got):\n%s", diff)
	}
	if got := ids(t, s, sample().ID, 0, 10); len(got) != 1 {
		t.Errorf("a machine's events = %v, want all", got)
	}
	update(t, s, func(tx *store.Tx) error { return tx.KeepStrangers(4) })
	if got := ids(t, s, "", 0, 20); len(got) != 4 {
		t.Errorf("a second time it forgets more: %v", got)
	}
}

func oldDecisions(t *testing.T, open Open) {
	s := open()
	of := func(mac byte, id string, last time.Time) store.Decision {
		return store.Decision{MAC: machine.MAC{2, 0, 0, 0, 0, mac}, Machine: id, Record: "{}", FirstAt: at, LastAt: last, Count: 1}
	}
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(
			tx.PutDecision(of(1, "", at)), tx.PutDecision(of(2, "", at.Add(time.Hour))), tx.PutDecision(of(3, "m3", at)),
			tx.DropDecisions(at.Add(time.Minute)),
		)
	})
	view(t, s, func(tx *store.Tx) error {
		all, err := tx.Decisions()
		var kept []byte
		for _, d := range all {
			kept = append(kept, d.MAC[5])
		}
		if diff := cmp.Diff([]byte{2, 3}, kept); diff != "" {
			t.Errorf("decisions (-want +got):\n%s", diff)
		}
		return err
	})
}

func ruleOrder(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutRule(rule("z", 1)), tx.PutRule(rule("b", 10)), tx.PutRule(rule("a", 10)), tx.PutRule(rule("m", 2)))
	})
	view(t, s, func(tx *store.Tx) error {
		return same(t, "rules", []*machine.Rule{rule("z", 1), rule("m", 2), rule("a", 10), rule("b", 10)}, tx.Rules)
	})
}

// words reads back what strangers say, which is text on every engine: what is
// none is replaced, wherever it stands.
func words(t *testing.T, open Open) {
	s, id := open(), int64(0)
	for w, want := range map[string]string{
		`'); DROP TABLE machines; --`: "", "\"": "", "日本\u2028": "", "%s $1 ?": "", "E'\\x41'": "",
		"a\x00b": "a\uFFFDb", "\xff\xfe": "\uFFFD",
	} {
		if want == "" {
			want = w
		}
		id++
		update(t, s, func(tx *store.Tx) error {
			return errors.Join(tx.PutMeta(w, w), tx.PutPerson("kind", w, w), tx.AddEvents(journal.Event{ID: id, Machine: w, Text: w, Who: w}))
		})
		view(t, s, func(tx *store.Tx) error {
			events, err := tx.Events(w, 0, 1)
			if len(events) != 1 || events[0].Text != want {
				t.Errorf("events of %q = %+v, want the text %q", w, events, want)
			}
			return errors.Join(err, same(t, "meta", want, func() (string, error) { return tx.Meta(w) }))
		})
	}
	view(t, s, func(tx *store.Tx) error {
		_, err := tx.Machines()
		return err
	})
}
