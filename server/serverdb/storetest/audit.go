package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/serverdb/store"
)

// acts are five rows of two people on two machines, a minute apart.
func acts() []store.Audit {
	var all []store.Audit
	for n, a := range []struct{ who, action, target string }{
		{"ada", "lock", "A"}, {"bob", "lock", "B"}, {"ada", "unlock", "A"}, {"ada", "lock", "B"}, {"bob", "unlock", "B"},
	} {
		all = append(all, store.Audit{
			ID: int64(n + 1), At: at.Add(time.Duration(n) * time.Minute), Who: a.who, Token: "t", Address: "::1", Action: a.action, Target: a.target,
			Before: "b", After: "a", Note: "n", Hash: "h",
		})
	}
	return all
}

func auditAsked(t *testing.T, open Open) {
	s := open()
	update(t, s, func(tx *store.Tx) (err error) {
		for _, a := range acts() {
			err = errors.Join(err, tx.AddAudit(a))
		}
		return err
	})
	for _, tt := range []struct {
		says string
		q    store.AuditQuery
		want []int64
	}{
		{"all, newest first", store.AuditQuery{}, []int64{5, 4, 3, 2, 1}},
		{"all, oldest first", store.AuditQuery{Oldest: true}, []int64{1, 2, 3, 4, 5}},
		{"by who", store.AuditQuery{Who: "ada"}, []int64{4, 3, 1}},
		{"by action", store.AuditQuery{Action: "lock"}, []int64{4, 2, 1}},
		{"by target", store.AuditQuery{Target: "A"}, []int64{3, 1}},
		{"by all of them", store.AuditQuery{Who: "ada", Action: "lock", Target: "B"}, []int64{4}},
		{"since a time, which is in it", store.AuditQuery{Since: at.Add(3 * time.Minute)}, []int64{5, 4}},
		{"until a time, which is not", store.AuditQuery{Until: at.Add(time.Minute)}, []int64{1}},
		{"before an id", store.AuditQuery{Before: 3}, []int64{2, 1}},
		{"after an id", store.AuditQuery{After: 3, Oldest: true}, []int64{4, 5}},
		{"not more than asked for", store.AuditQuery{Limit: 2}, []int64{5, 4}},
		{"strangers' words pick nothing", store.AuditQuery{Who: "' OR ''='"}, nil},
	} {
		if tt.q.Limit == 0 {
			tt.q.Limit = 10
		}
		var got []int64
		view(t, s, func(tx *store.Tx) error {
			all, err := tx.Audits(tt.q)
			for _, a := range all {
				got = append(got, a.ID)
			}
			return err
		})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.says, diff)
		}
	}
}

func auditKept(t *testing.T, open Open) {
	s := open()
	rows := acts()
	update(t, s, func(tx *store.Tx) (err error) {
		for _, a := range rows {
			err = errors.Join(err, tx.AddAudit(a))
		}
		other := rows[4]
		other.Who, other.Hash = "mallory", "x"
		return errors.Join(err, tx.SealAudit(other), tx.DropAudits(3)) // a row that has a hash keeps it
	})
	s = reopen(t, s, open)
	view(t, s, func(tx *store.Tx) error {
		last, err := tx.LastAudit()
		return errors.Join(err,
			same(t, "what is left", rows[3:], func() ([]store.Audit, error) { return tx.Audits(store.AuditQuery{Oldest: true, Limit: 10}) }),
			same(t, "the last", rows[4], func() (store.Audit, error) { return last, nil }))
	})
}
