package serverdb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"firstlight/server/auth"
	"firstlight/server/serverdb/store"
)

type (
	// Audit is one thing that a person or program did.
	Audit = store.Audit
	// AuditQuery picks some of them.
	AuditQuery = store.AuditQuery
)

// Actor is who acts, as the audit names it.
type Actor struct {
	Name    string // of the account, or of a part of Firstlight
	Token   string // id of the API token that it came with
	Address string // that it came from
	Note    string // what is to be said beside
}

// ActorOf is a user of the doors.
func ActorOf(u auth.User) Actor { return Actor{Name: u.Name, Token: u.Token, Address: u.Address} }

// Audit keeps what somebody did, in the same transaction. Words of strangers
// become printable: no row can look like two, nor move a terminal's cursor.
func (w *Write) Audit(who Actor, action, target, before, after string) error {
	last, err := w.tx.LastAudit()
	if err != nil {
		return err
	}
	if last.Hash == "" {
		if last.Hash, err = w.anchor(); err != nil {
			return err
		}
	}
	w.db.ids.Audit++
	a := Audit{
		ID: w.db.ids.Audit, At: w.now.UTC().Truncate(time.Microsecond),
		Who: printable(who.Name), Token: printable(who.Token), Address: printable(who.Address), Note: printable(who.Note),
		Action: printable(action), Target: printable(target), Before: printable(before), After: printable(after),
	}
	a.Hash = chained(last.Hash, a)
	return w.tx.AddAudit(a)
}

// AuditChange keeps the fields in which a record differs before and after; nil
// stands for a record that is not there.
func (w *Write) AuditChange(who Actor, action, target string, before, after any) error {
	was, is, err := auth.Differences(before, after)
	if err != nil {
		return err
	}
	return w.Audit(who, action, target, was, is)
}

// RecordAudit keeps what somebody did, where nothing else is written with it.
func (d *DB) RecordAudit(ctx context.Context, who Actor, action, target, before, after string) error {
	return d.Do(ctx, func(w *Write) error { return w.Audit(who, action, target, before, after) })
}

// Audits reads what a query picks of the audit.
func (d *DB) Audits(ctx context.Context, q AuditQuery) (all []Audit, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Audits(q)
		return err
	})
	return all, err
}

// AuditSize is how many rows the audit has, and of when the oldest is; the zero
// time where there is none.
func (d *DB) AuditSize(ctx context.Context) (rows int64, oldest time.Time, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		first, err := tx.Audits(AuditQuery{Oldest: true, Limit: 1})
		if err != nil || len(first) == 0 {
			return err
		}
		last, err := tx.LastAudit()
		rows, oldest = last.ID-first[0].ID+1, first[0].At // ids have no gaps
		return err
	})
	return rows, oldest, err
}

// printable writes what cannot be printed as Go escapes it.
func printable(text string) string {
	if strings.IndexFunc(text, unprintable) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size <= 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case unprintable(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
