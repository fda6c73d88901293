// Package storetest is the contract of ServerDb's store: what every database
// that we keep ServerDb in must do.
//
// Run holds a database against it; Fill and Kept write and find again a row in
// every table, so that an old database can be held against the code of today.
// It imports the words and the store. Only tests import it.
package storetest

import (
	"errors"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// Open gives the database of one test, opened once more with each call.
type Open func() *store.Store

// Run holds the databases that fresh makes against the contract.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	for _, clause := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"an empty database has nothing", empty},
		{"every row comes back as it was, after a restart too", everyRow},
		{"a second write of a row replaces it", replaced},
		{"a reply is kept once for each key of an account", replied},
		{"an error undoes the whole update", undone},
		{"an error within Try undoes that part alone", partUndone},
		{"an update that panics leaves nothing and does no harm", panicked},
		{"a view sees one state", oneState},
		{"what is unique is taken once", unique},
		{"what is absent is not unique", absent},
		{"a rack has room where nothing stands", placed},
		{"a selector picks what it picks in memory", selected},
		{"machines are paged by name", paged},
		{"interfaces move from one machine to another", moved},
		{"a machine has one open job", oneOpenJob},
		{"jobs come newest first, open ones before", jobOrder},
		{"a machine's newest checks are kept, and found by what is like it", checks},
		{"many events are kept in their order", manyEvents},
		{"a timeline is read page by page, newest first", pages},
		{"the events of a MAC become its machine's", adopted},
		{"old events are forgotten, history is not", forgotten},
		{"strangers keep their newest events only", strangers},
		{"old decisions about strangers are forgotten", oldDecisions},
		{"rules come in their order", ruleOrder},
		{"a row is written over by whoever read its last version", versions},
		{"ids have the order of the commits", idOrder},
		{"the audit is asked by who, what, when and where it was", auditAsked},
		{"the audit forgets its oldest rows only", auditKept},
		{"strangers' words cannot be SQL", words},
		{"readers do not wait for the writer", readers},
	} {
		t.Run(clause.name, func(t *testing.T) { clause.test(t, fresh(t)) })
	}
}

// reopen closes a store and opens its database again.
func reopen(t *testing.T, s *store.Store, open Open) *store.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open()
}

func empty(t *testing.T, open Open) {
	s := open()
	view(t, s, func(tx *store.Tx) error {
		if _, err := tx.Job("none"); !errors.Is(err, machine.ErrNotFound) {
			t.Errorf("Job(none) = %v, want ErrNotFound", err)
		}
		all, err := tx.Machines()
		meta, metaErr := tx.Meta("none")
		if len(all) != 0 || meta != "" {
			t.Errorf("%d machines, meta %q", len(all), meta)
		}
		return errors.Join(err, metaErr)
	})
	update(t, s, func(tx *store.Tx) error { return same(t, "counters", store.Counters{}, tx.Counters) })
}

func everyRow(t *testing.T, open Open) {
	s := open()
	update(t, s, Fill)
	Kept(t, s, Newest)
	Kept(t, reopen(t, s, open), Newest)
}
