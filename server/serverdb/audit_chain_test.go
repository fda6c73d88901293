package serverdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
)

var errUndo = errors.New("undo")

// acted is a database whose audit has rows, a minute apart.
func acted(t *testing.T, rows int) (*DB, string) {
	t.Helper()
	path := file(t)
	now := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)}
	d := openAt(t, path, now.Now)
	for n := range rows {
		now.advance(time.Minute)
		err := d.RecordAudit(t.Context(), Actor{Name: "ada", Token: "ci", Address: "192.0.2.7"}, "lock", fmt.Sprintf("FL%d", n), "", "why")
		if err != nil {
			t.Fatal(err)
		}
	}
	return d, path
}

// tamper changes the database as somebody does who can write its file.
func tamper(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open(driverOf(path))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), statement)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func chain(t *testing.T, d *DB, kept auth.ChainHead) auth.Chain {
	t.Helper()
	c, err := d.VerifyAudit(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheAuditIsAChain(t *testing.T) {
	d, path := acted(t, 5)
	_ = d.Do(t.Context(), func(w *Write) error { // a write that is undone leaves no hole
		return errors.Join(w.Audit(Actor{Name: "ada"}, "undone", "", "", ""), errUndo)
	})
	if err := d.RecordAudit(t.Context(), Actor{Name: "bob"}, "unlock", "FL1", "", ""); err != nil {
		t.Fatal(err)
	}
	c := chain(t, d, auth.ChainHead{})
	if c.Broken != 0 || c.Rows != 6 || c.First != 1 || c.Head.Hash == "" {
		t.Errorf("chain = %+v, want six rows, whole", c)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, path)
	if again := chain(t, d, c.Head); again.Broken != 0 || again.Head != c.Head {
		t.Errorf("chain after a restart = %+v, want the head %+v", again, c.Head)
	}
}

// TestEveryChangeOfTheAuditShows makes every change that SQL can make to a row.
func TestEveryChangeOfTheAuditShows(t *testing.T) {
	for _, tt := range []struct {
		statement string
		broken    int64
	}{
		{"UPDATE audit SET at = '2026-03-01 11:00:00+00:00' WHERE id = 3", 3},
		{"UPDATE audit SET who = 'bob' WHERE id = 3", 3},
		{"UPDATE audit SET token = '' WHERE id = 3", 3},
		{"UPDATE audit SET address = '192.0.2.8' WHERE id = 3", 3},
		{"UPDATE audit SET action = 'unlock' WHERE id = 3", 3},
		{"UPDATE audit SET target = 'FL9' WHERE id = 3", 3},
		{"UPDATE audit SET before = 'x' WHERE id = 3", 3},
		{"UPDATE audit SET after = '' WHERE id = 3", 3},
		{"UPDATE audit SET note = 'x' WHERE id = 3", 3},
		{"UPDATE audit SET hash = '' WHERE id = 3", 3},
		{"UPDATE audit SET target = '', after = target || after WHERE id = 3", 3}, // the same bytes in other fields
		{"UPDATE audit SET id = 9 WHERE id = 3", 4},
		{"DELETE FROM audit WHERE id = 3", 4},
		{"DELETE FROM audit WHERE id = 1", 2},
		{"INSERT INTO audit SELECT 6, at, who, action, target, before, after, token, address, note, hash FROM audit WHERE id = 5", 6},
		{"DELETE FROM audit WHERE id = 5", 0}, // an end that was cut off shows by a kept head only
	} {
		t.Run(tt.statement, func(t *testing.T) {
			d, path := acted(t, 5)
			kept := chain(t, d, auth.ChainHead{}).Head
			tamper(t, path, tt.statement)
			if c := chain(t, d, auth.ChainHead{}); c.Broken != tt.broken || (c.Why == "") != (tt.broken == 0) {
				t.Errorf("chain = %+v, want it broken at %d, with the reason", c, tt.broken)
			}
			if c := chain(t, d, kept); c.Broken == 0 {
				t.Errorf("chain = %+v, want that the kept head shows it", c)
			}
		})
	}
}

// TestAChainWrittenAnewLacksTheKeptHead does what somebody does who knows how
// the chain is made.
func TestAChainWrittenAnewLacksTheKeptHead(t *testing.T) {
	d, path := acted(t, 5)
	kept := chain(t, d, auth.ChainHead{}).Head
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, "UPDATE audit SET who = 'bob', hash = '' WHERE id = 2; UPDATE audit SET hash = ''; DELETE FROM meta WHERE key = 'audit-chain'")
	d = open(t, path) // which makes the chain anew
	if c := chain(t, d, auth.ChainHead{}); c.Broken != 0 {
		t.Errorf("chain = %+v: it was not written anew, so that this test shows nothing", c)
	}
	c := chain(t, d, kept)
	if c.Broken != 5 || !strings.Contains(c.Why, "written anew") {
		t.Errorf("chain with the kept head = %+v, want it broken", c)
	}
}

func TestRetentionLeavesAChain(t *testing.T) {
	d, path := acted(t, 5)
	before := chain(t, d, auth.ChainHead{})
	rows, err := d.Audits(t.Context(), AuditQuery{After: 3, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ForgetAudit(t.Context(), rows[0].At.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	c := chain(t, d, before.Head)
	if c.Broken != 0 || c.First != 4 || c.Forgotten != 3 || c.Rows != 3 {
		t.Errorf("chain = %+v, want rows 4, 5 and the one about it, and the head of before in it", c)
	}
	last, err := d.Audits(t.Context(), AuditQuery{Limit: 1})
	if err != nil || last[0].Action != "forget audit" || last[0].Before != "rows 1 to 3" {
		t.Errorf("the audit says %+v, %v; want what was forgotten", last, err)
	}
	if c := chain(t, d, auth.ChainHead{ID: 2, Hash: "x"}); !strings.Contains(c.Why, "forgotten by retention") {
		t.Errorf("chain with a head that was forgotten = %+v", c)
	}
	tamper(t, path, "DELETE FROM audit WHERE id = 4")
	if c := chain(t, d, auth.ChainHead{}); c.Broken != 5 {
		t.Errorf("chain = %+v, want that a row that goes without retention shows", c)
	}
}

// TestTheAuditIsKeptAsLongAsAsked ages a chain beyond its retention: what is left
// still follows from the hash that was kept.
func TestTheAuditIsKeptAsLongAsAsked(t *testing.T) {
	d, _ := acted(t, 5)
	before := chain(t, d, auth.ChainHead{}).Head
	now := d.Now()
	d.Now = func() time.Time { return now.Add(100 * time.Hour) }
	d.forgetAudit() // for ever
	if c := chain(t, d, before); c.Rows != 5 {
		t.Errorf("without a retention %d rows are left, want all 5", c.Rows)
	}
	if rows, oldest, err := d.AuditSize(t.Context()); err != nil || rows != 5 || !oldest.Before(now.Add(time.Minute)) || oldest.IsZero() {
		t.Errorf("AuditSize() = %d, %s, %v; want 5 rows", rows, oldest, err)
	}
	d.AuditRetention = 24 * time.Hour
	d.forgetAudit()
	c := chain(t, d, auth.ChainHead{})
	if c.Broken != 0 || c.Forgotten != before.ID || c.Rows != 1 {
		t.Errorf("chain = %+v, want the rows up to %d forgotten and the one that says so", c, before.ID)
	}
	if rows, _, err := d.AuditSize(t.Context()); err != nil || rows != 1 {
		t.Errorf("AuditSize() = %d, %v; want the row that is left", rows, err)
	}
}

func TestRowsOfBeforeTheChainJoinIt(t *testing.T) {
	d, path := acted(t, 3)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, "UPDATE audit SET hash = '', token = '', address = '', who = 'ada by token ci from 192.0.2.7'; "+
		"UPDATE audit SET who = 'rule lab' WHERE id = 2; DELETE FROM meta WHERE key = 'audit-chain'")
	d = open(t, path)
	if c := chain(t, d, auth.ChainHead{}); c.Broken != 0 || c.Rows != 3 {
		t.Errorf("chain = %+v, want it whole", c)
	}
	rows, err := d.Audits(t.Context(), AuditQuery{Who: "ada", Oldest: true, Limit: 9})
	if err != nil || len(rows) != 2 || rows[0].Token != "ci" || rows[0].Address != "192.0.2.7" {
		t.Errorf("rows of ada = %+v, %v; want who in parts", rows, err)
	}
}

func TestNoWordsLookLikeAnotherRow(t *testing.T) {
	d, _ := acted(t, 0)
	const bad = "FL1\n2026-03-01 admin released FL2\x1b[2J\u202e\x00\xff"
	if err := d.RecordAudit(context.Background(), Actor{Name: bad, Token: bad, Address: bad, Note: bad}, bad, bad, bad, bad); err != nil {
		t.Fatal(err)
	}
	rows, err := d.Audits(t.Context(), AuditQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	const want = `FL1\n2026-03-01 admin released FL2\x1b[2J\u202e\x00\xff`
	a := rows[0]
	for _, got := range []string{a.Who, a.Token, a.Address, a.Note, a.Action, a.Target, a.Before, a.After} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("a field (-want +got):\n%s", diff)
		}
	}
	if c := chain(t, d, auth.ChainHead{}); c.Broken != 0 {
		t.Errorf("chain = %+v, want it whole", c)
	}
}
