package storetest

import (
	"cmp"
	"errors"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

func check(job string, at time.Time) *machine.CheckRecord {
	return &machine.CheckRecord{
		Job: job, Machine: sample().ID, Like: "type high-io", At: at, Seconds: 600, Tests: []string{"disk-read"}, OK: true, Sentence: "1 figure well",
		Findings: []machine.Finding{{Is: machine.Well, Sentence: "disk S1 reads 500 MB/s", Figure: machine.Figure{
			Test: "disk-read", Metric: "rate", Part: "S1", Model: "PM883", Unit: "MB/s", Value: 500, Seconds: 60, Samples: []float64{499, 501.5},
		}}},
	}
}

// checks: the oldest of a machine go, others stay; lists have no samples.
func checks(t *testing.T, open Open) {
	s := open()
	other := check("d", at)
	other.Machine = planned().ID
	update(t, s, func(tx *store.Tx) error {
		return cmp.Or(tx.PutMachine(sample(), nil), tx.PutMachine(planned(), nil), tx.PutCheck(check("a", at), 2), tx.PutCheck(other, 2),
			tx.PutCheck(check("b", at.Add(time.Hour)), 2), tx.PutCheck(check("c", at.Add(2*time.Hour)), 2))
	})
	list := func(jobs ...string) (all []*machine.CheckRecord) {
		for _, j := range jobs {
			c := check(j, at.Add(time.Duration(j[0]-'a')*time.Hour))
			if j == "d" {
				c = check(j, at)
				c.Machine = planned().ID
			}
			c.Findings[0].Samples = nil
			all = append(all, c)
		}
		return all
	}
	view(t, s, func(tx *store.Tx) error {
		return cmp.Or(
			same(t, "checks", list("c", "b"), func() ([]*machine.CheckRecord, error) { return tx.ChecksOf(sample().ID) }),
			same(t, "alike", list("d"), func() ([]*machine.CheckRecord, error) { return tx.ChecksAlike("type high-io", sample().ID, 9) }),
			same(t, "alike, at most 1", list("c"), func() ([]*machine.CheckRecord, error) { return tx.ChecksAlike("type high-io", planned().ID, 1) }),
			same(t, "one", check("c", at.Add(2*time.Hour)), func() (*machine.CheckRecord, error) { return tx.Check("c") }),
		)
	})
	view(t, s, func(tx *store.Tx) error {
		if _, err := tx.Check("a"); !errors.Is(err, machine.ErrNotFound) {
			t.Errorf("Check() of one that was forgotten = %v, want ErrNotFound", err)
		}
		return nil
	})
}
