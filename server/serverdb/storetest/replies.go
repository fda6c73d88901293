package storetest

import (
	"cmp"
	"errors"
	"testing"
	"time"

	"firstlight/server/serverdb/store"
)

// replied: a key of an account is there once, and as long as it is wanted.
func replied(t *testing.T, open Open) {
	s := open()
	r := reply()
	update(t, s, func(tx *store.Tx) error { return tx.AddReply(r) })
	err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.AddReply(r) })
	if !errors.Is(err, store.ErrTaken) {
		t.Errorf("AddReply() of a key that is there = %v, want ErrTaken", err)
	}
	other := r
	other.Who = "bob"
	r.Record = `{"status":200}`
	update(t, s, func(tx *store.Tx) error { return cmp.Or(tx.AddReply(other), tx.SetReply(r)) })
	read := func(who string, want store.Reply) {
		t.Helper()
		view(t, s, func(tx *store.Tx) error {
			return same(t, "reply of "+who, want, func() (store.Reply, error) { return tx.Reply(who, r.Key) })
		})
	}
	read("ada", r)
	read("bob", other)
	update(t, s, func(tx *store.Tx) error { return tx.DropReply("bob", r.Key) })
	read("bob", store.Reply{Who: "bob", Key: r.Key})
	update(t, s, func(tx *store.Tx) error { return tx.DropReplies(r.At) })
	read("ada", r)
	update(t, s, func(tx *store.Tx) error { return tx.DropReplies(r.At.Add(time.Second)) })
	read("ada", store.Reply{Who: "ada", Key: r.Key})
}
