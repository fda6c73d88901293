package store

import (
	"database/sql"
	"time"

	"firstlight/server/machine"
)

// PutName lets a host name rest until a time.
func (t *Tx) PutName(name, machineID string, until time.Time) error {
	return t.exec("write name "+name, `INSERT INTO names (name, machine, until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET machine = excluded.machine, until = excluded.until`, name, machineID, stamp(until))
}

// Name tells until when a host name rests; the zero time: it does not.
func (t *Tx) Name(name string) (until time.Time, err error) {
	err = t.query("read name "+name, func(r *sql.Rows) error { return r.Scan(&until) }, `SELECT until FROM names WHERE name = $1`, name)
	return until, err
}

// Reply is what a request with an idempotency key was answered with. The table
// has one for each account and key.
type Reply struct {
	Who, Key string
	At       time.Time
	Record   string // JSON; of package serverdb's caller
}

// AddReply keeps one. ErrTaken tells that there is one already.
func (t *Tx) AddReply(r Reply) error {
	return t.exec("write reply", `INSERT INTO replies (who, key, at, record) VALUES ($1, $2, $3, $4)`, r.Who, r.Key, stamp(r.At), r.Record)
}

// SetReply changes the record of one that is there.
func (t *Tx) SetReply(r Reply) error {
	return t.exec("write reply", `UPDATE replies SET record = $1 WHERE who = $2 AND key = $3`, r.Record, r.Who, r.Key)
}

// Reply reads one, with an empty Record where there is none.
func (t *Tx) Reply(who, key string) (Reply, error) {
	reply := Reply{Who: who, Key: key}
	err := t.query("read reply", func(r *sql.Rows) error { return r.Scan(&reply.At, &reply.Record) },
		`SELECT at, record FROM replies WHERE who = $1 AND key = $2`, who, key)
	return reply, err
}

// DropReply forgets one.
func (t *Tx) DropReply(who, key string) error {
	return t.exec("forget reply", `DELETE FROM replies WHERE who = $1 AND key = $2`, who, key)
}

// DropReplies forgets those before a time.
func (t *Tx) DropReplies(before time.Time) error {
	return t.exec("forget replies", `DELETE FROM replies WHERE at < $1`, stamp(before))
}

// PutIssue writes an open issue.
func (t *Tx) PutIssue(i *machine.Issue) error {
	return t.exec("write issue", `INSERT INTO issues (subject, kind, machine, since, record) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (subject, kind) DO UPDATE SET record = excluded.record`, i.Subject, string(i.Kind), i.Machine, stamp(i.Since), encode(i))
}

// DropIssue closes one.
func (t *Tx) DropIssue(subject string, kind machine.IssueKind) error {
	return t.exec("close issue", `DELETE FROM issues WHERE subject = $1 AND kind = $2`, subject, string(kind))
}

// Issue reads one, nil where it is not open.
func (t *Tx) Issue(ref machine.IssueRef) (*machine.Issue, error) {
	all, err := records[machine.Issue](t, "read issue", `SELECT record FROM issues WHERE subject = $1 AND kind = $2`, ref.Subject, string(ref.Kind))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// Issues reads all that are open, the oldest first.
func (t *Tx) Issues() ([]*machine.Issue, error) {
	return records[machine.Issue](t, "read issues", `SELECT record FROM issues ORDER BY since, subject, kind`)
}

// PutDelivery writes a delivery.
func (t *Tx) PutDelivery(d *machine.Delivery) error {
	return t.exec("write delivery "+d.Name, `INSERT INTO deliveries (name, created_at, version, record) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET version = excluded.version, record = excluded.record`, d.Name, stamp(d.CreatedAt), d.Version, encode(d))
}

// Deliveries reads all of them, the newest first.
func (t *Tx) Deliveries() ([]*machine.Delivery, error) {
	return records[machine.Delivery](t, "read deliveries", `SELECT record FROM deliveries ORDER BY created_at DESC, name`)
}

// PutWait writes what a machine waits for.
func (t *Tx) PutWait(w *machine.Wait) error {
	return t.exec("write wait", `INSERT INTO waits (machine, gate, since, record) VALUES ($1, $2, $3, $4)
		ON CONFLICT (machine, gate) DO UPDATE SET since = excluded.since, record = excluded.record`, w.Machine, w.Gate, stamp(w.Since), encode(w))
}

// DropWait ends one.
func (t *Tx) DropWait(machineID, gate string) error {
	return t.exec("end wait", `DELETE FROM waits WHERE machine = $1 AND gate = $2`, machineID, gate)
}

// WaitsOf reads those of a machine, also those that are over.
func (t *Tx) WaitsOf(machineID string) ([]*machine.Wait, error) {
	return records[machine.Wait](t, "read waits", `SELECT record FROM waits WHERE machine = $1 ORDER BY since, gate`, machineID)
}

// Waits reads all of them.
func (t *Tx) Waits() ([]*machine.Wait, error) {
	return records[machine.Wait](t, "read waits", `SELECT record FROM waits ORDER BY since, machine, gate`)
}
