package store

import (
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Audit is one thing that a person or program did.
type Audit struct {
	ID      int64
	At      time.Time
	Who     string
	Token   string
	Address string
	Action  string
	Target  string
	Before  string
	After   string
	Note    string
	Hash    string // over this row and the hash of the one before; made by serverdb
}

// AuditQuery picks rows of the audit. Fields that are zero pick all.
type AuditQuery struct {
	Who, Action, Target string
	Since, Until        time.Time // from the first on, and before the second
	Before, After       int64     // ids, both exclusive
	Oldest              bool      // oldest first, else newest
	Limit               int
}

const auditColumns = "id, at, who, token, address, action, target, before, after, note, hash"

// AddAudit appends to the audit.
func (t *Tx) AddAudit(a Audit) error {
	return t.exec("write audit", `INSERT INTO audit (`+auditColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		a.ID, stamp(a.At), a.Who, a.Token, a.Address, a.Action, a.Target, a.Before, a.After, a.Note, a.Hash)
}

// SealAudit replaces who and hash of a row that was written before there was a
// chain.
func (t *Tx) SealAudit(a Audit) error {
	return t.exec("chain audit", `UPDATE audit SET who = $1, token = $2, address = $3, hash = $4 WHERE id = $5 AND hash = ''`,
		a.Who, a.Token, a.Address, a.Hash, a.ID)
}

// LastAudit gives the newest row; the zero Audit where there is none.
func (t *Tx) LastAudit() (Audit, error) {
	all, err := t.Audits(AuditQuery{Limit: 1})
	if err != nil || len(all) == 0 {
		return Audit{}, err
	}
	return all[0], nil
}

// DropAudits forgets the rows up to an id.
func (t *Tx) DropAudits(upTo int64) error {
	return t.exec("forget old audit", `DELETE FROM audit WHERE id <= $1`, upTo)
}

// Audits reads what a query picks.
func (t *Tx) Audits(q AuditQuery) ([]Audit, error) {
	where, args := q.where()
	order := "DESC"
	if q.Oldest {
		order = "ASC"
	}
	args = append(args, q.Limit)
	var all []Audit
	err := t.query("read audit", func(r *sql.Rows) error {
		var a Audit
		err := r.Scan(&a.ID, &a.At, &a.Who, &a.Token, &a.Address, &a.Action, &a.Target, &a.Before, &a.After, &a.Note, &a.Hash)
		all = append(all, a)
		return err
	}, `SELECT `+auditColumns+` FROM audit `+where+` ORDER BY id `+order+` LIMIT $`+fmt.Sprint(len(args)), args...)
	return all, err
}

// where names only what is asked for, so that an index serves it.
func (q AuditQuery) where() (string, []any) {
	var conditions []string
	var args []any
	add := func(asked bool, column string, value any) {
		if asked {
			args = append(args, value)
			conditions = append(conditions, fmt.Sprintf("%s $%d", column, len(args)))
		}
	}
	add(q.Who != "", "who =", q.Who)
	add(q.Action != "", "action =", q.Action)
	add(q.Target != "", "target =", q.Target)
	add(!q.Since.IsZero(), "at >=", stamp(q.Since))
	add(!q.Until.IsZero(), "at <", stamp(q.Until))
	add(q.Before != 0, "id <", q.Before)
	add(q.After != 0, "id >", q.After)
	if len(conditions) == 0 {
		return "", args
	}
	return "WHERE " + strings.Join(conditions, " AND "), args
}
