package store

import "database/sql"

// Counters are the last ids given.
type Counters struct{ History, Journal, Audit int64 }

// Counters reads the last ids and keeps every other process from giving any
// until this update ends: whoever reads them first writes first, so that ids
// have the order of the commits.
func (t *Tx) Counters() (c Counters, err error) {
	err = t.query("read counters", func(r *sql.Rows) error { return r.Scan(&c.History, &c.Journal, &c.Audit) },
		`SELECT history, journal, audit FROM counters WHERE id = 1 `+t.locking())
	return c, err
}

// PutCounters writes the last ids given.
func (t *Tx) PutCounters(c Counters) error {
	return t.exec("write counters", `UPDATE counters SET history = $1, journal = $2, audit = $3 WHERE id = 1`, c.History, c.Journal, c.Audit)
}
