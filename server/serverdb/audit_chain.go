package serverdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/serverdb/store"
)

// The chain of the audit: the hash of a row is SHA-256 over the hash of the row
// before it and the row's own fields, each as a netstring (its length in bytes,
// a colon, its bytes, a comma), so that no two rows read alike:
//
//	hash before, id, time, who, token, address, action, target, before, after, note
//
// The time is in UTC with microseconds, 2026-03-01T12:00:00.000000Z. The hash
// before the first row is empty. Whoever can write the database can write a new
// chain from any row on: a head that was kept elsewhere shows that, too.
const chainTime = "2006-01-02T15:04:05.000000Z"

// Keys of the appliance's own values.
const (
	metaChained = "audit-chain"  // set once every row has a hash
	metaAnchor  = "audit-anchor" // id and hash of the newest row that retention took
)

func chained(before string, a Audit) string {
	sum := sha256.New()
	for _, field := range []string{
		before, strconv.FormatInt(a.ID, 10), a.At.UTC().Format(chainTime), a.Who, a.Token, a.Address, a.Action, a.Target, a.Before, a.After, a.Note,
	} {
		_, _ = fmt.Fprintf(sum, "%d:%s,", len(field), field) // a hash takes everything
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// anchor is the hash that the first row that is left follows.
func (w *Write) anchor() (string, error) {
	_, hash, err := anchor(w.tx)
	return hash, err
}

func anchor(tx *store.Tx) (id int64, hash string, err error) {
	text, err := tx.Meta(metaAnchor)
	if err != nil || text == "" {
		return 0, "", err
	}
	before, hash, _ := strings.Cut(text, " ")
	id, err = strconv.ParseInt(before, 10, 64)
	return id, hash, err
}

// chainPage is how many rows are read at once.
const chainPage = 1000

// VerifyAudit walks the chain from its begin to its end. kept is a head that
// was noted before, elsewhere; with it, an end that was cut off and a chain that
// was written anew show as well. The zero head asks for neither.
func (d *DB) VerifyAudit(ctx context.Context, kept auth.ChainHead) (c auth.Chain, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		c, err = verify(tx, kept)
		return err
	})
	return c, err
}

func verify(tx *store.Tx, kept auth.ChainHead) (c auth.Chain, err error) {
	if c.Forgotten, c.Head.Hash, err = anchor(tx); err != nil {
		return c, err
	}
	c.Head.ID = c.Forgotten
	seen := kept.ID == 0 || c.Head == kept
	for {
		page, err := tx.Audits(AuditQuery{After: c.Head.ID, Oldest: true, Limit: chainPage})
		if err != nil {
			return c, err
		}
		for _, a := range page {
			if follow(&c, a); c.Broken != 0 {
				return c, nil
			}
			seen = seen || c.Head == kept
		}
		if len(page) < chainPage {
			break
		}
	}
	if !seen {
		lost(&c, kept)
	}
	return c, nil
}

// follow takes the next row, if it is what the row before it makes of it.
func follow(c *auth.Chain, a Audit) {
	if want := chained(c.Head.Hash, a); a.Hash != want {
		c.Broken = a.ID
		c.Why = fmt.Sprintf("row %d does not follow from row %d: one of them was changed, or rows between them are gone", a.ID, c.Head.ID)
		return
	}
	if c.Rows == 0 {
		c.First = a.ID
	}
	c.Rows++
	c.Head = auth.ChainHead{ID: a.ID, Hash: a.Hash}
}

func lost(c *auth.Chain, kept auth.ChainHead) {
	c.Broken = kept.ID
	switch {
	case kept.ID > c.Head.ID:
		c.Why = fmt.Sprintf("the head that was kept is row %d, and the audit ends at row %d: rows at its end are gone", kept.ID, c.Head.ID)
	case kept.ID < c.Forgotten:
		c.Why = fmt.Sprintf("the head that was kept is row %d, and rows up to %d were forgotten by retention: keep a newer head", kept.ID, c.Forgotten)
	default:
		c.Why = fmt.Sprintf("row %d has another hash than the head that was kept: the chain was written anew from there or before", kept.ID)
	}
}

// ForgetAudit drops rows older than a time. The hash of the newest of them
// stays, so that what is left still proves itself, and the audit says that it
// was done.
func (d *DB) ForgetAudit(ctx context.Context, before time.Time) error {
	return d.Do(ctx, func(w *Write) error {
		old, err := w.tx.Audits(AuditQuery{Until: before, Limit: 1})
		if err != nil || len(old) == 0 {
			return err
		}
		from, _, err := anchor(w.tx)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("rows %d to %d", from+1, old[0].ID)
		if err := w.Audit(Actor{Name: "audit"}, "forget audit", "", what, ""); err != nil {
			return err
		}
		if err := w.tx.PutMeta(metaAnchor, fmt.Sprintf("%d %s", old[0].ID, old[0].Hash)); err != nil {
			return err
		}
		return w.tx.DropAudits(old[0].ID)
	})
}

// chainOld gives rows of the time before the chain their place in it, once.
func chainOld(tx *store.Tx) error {
	done, err := tx.Meta(metaChained)
	if err != nil || done != "" {
		return err
	}
	var last auth.ChainHead
	for {
		page, err := tx.Audits(AuditQuery{After: last.ID, Oldest: true, Limit: chainPage})
		if err != nil {
			return err
		}
		for _, a := range page {
			a.Who, a.Token, a.Address = parted(a.Who)
			a.Hash = chained(last.Hash, a)
			if err := tx.SealAudit(a); err != nil {
				return err
			}
			last = auth.ChainHead{ID: a.ID, Hash: a.Hash}
		}
		if len(page) < chainPage {
			return tx.PutMeta(metaChained, "1")
		}
	}
}

// parted takes apart who was written in one: "ada by token ci from 192.0.2.7".
func parted(text string) (who, token, address string) {
	who, address, _ = strings.Cut(text, " from ")
	who, token, _ = strings.Cut(who, " by token ")
	return who, token, address
}
