package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// eventsAtOnce is how many rows of the journal one statement writes; a storm has
// that many in each commit.
const eventsAtOnce = 16

// AddEvents appends to the journal.
func (t *Tx) AddEvents(all ...journal.Event) error {
	for len(all) > 0 {
		n, insert := 1, insertEvent
		if len(all) >= eventsAtOnce {
			n, insert = eventsAtOnce, insertEvents
		}
		if err := t.exec("write journal", insert, eventArgs(all[:n])...); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

const eventColumns = 13

func eventArgs(all []journal.Event) []any {
	args := make([]any, 0, len(all)*eventColumns)
	for _, e := range all {
		if e.LastAt.IsZero() {
			e.LastAt = e.At
		}
		args = append(args, e.ID, stamp(e.At), e.Machine, e.MAC.String(), string(e.Source), e.Text, encode(e.Details), e.Bytes,
			int64(e.Duration), e.Who, e.Job, e.Count, stamp(e.LastAt))
	}
	return args
}

var insertEvent, insertEvents = insertOf(1), insertOf(eventsAtOnce)

func insertOf(rows int) string {
	values := make([]string, rows)
	for i := range values {
		places := make([]string, eventColumns)
		for c := range places {
			places[c] = fmt.Sprintf("$%d", i*eventColumns+c+1)
		}
		values[i] = "(" + strings.Join(places, ", ") + ")"
	}
	return `INSERT INTO journal (id, at, machine, mac, source, text, details, bytes, duration, who, job, count, last_at) VALUES ` + strings.Join(values, ", ")
}

// Events reads a machine's timeline, newest first, before an id (0: from the
// newest on).
func (t *Tx) Events(id string, before int64, limit int) ([]journal.Event, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	return t.events(`WHERE machine = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, id, before, limit)
}

// FirstEvents is when the oldest event from some sources was, of each machine of
// a delivery that has one.
func (t *Tx) FirstEvents(delivery string, sources ...journal.Source) (map[string]time.Time, error) {
	args, places := []any{delivery}, make([]string, len(sources))
	for i, s := range sources {
		args, places[i] = append(args, string(s)), fmt.Sprintf("$%d", i+2)
	}
	all := map[string]time.Time{}
	err := t.query("read the first events of delivery "+delivery, func(r *sql.Rows) error {
		var id string
		var at time.Time
		err := r.Scan(&id, &at)
		all[id] = at
		return err
	}, `SELECT f.machine, j.at FROM facets f JOIN journal j ON j.id = (SELECT o.id FROM journal o
		WHERE o.machine = f.machine AND o.source IN (`+strings.Join(places, ", ")+`) ORDER BY o.id LIMIT 1) WHERE f.delivery = $1`, args...)
	return all, err
}

// EventsAfter reads the journal of all machines after an id, oldest first.
func (t *Tx) EventsAfter(id int64, limit int) ([]journal.Event, error) {
	return t.events(`WHERE id > $1 ORDER BY id LIMIT $2`, id, limit)
}

// EventsOfMAC reads what is known of a MAC that no machine had at the time.
func (t *Tx) EventsOfMAC(mac machine.MAC, limit int) ([]journal.Event, error) {
	return t.events(`WHERE machine = '' AND mac = $1 ORDER BY id DESC LIMIT $2`, mac.String(), limit)
}

func (t *Tx) events(where string, args ...any) ([]journal.Event, error) {
	var all []journal.Event
	err := t.query("read journal", func(r *sql.Rows) error {
		var e journal.Event
		var mac, details string
		var duration int64
		if err := r.Scan(&e.ID, &e.At, &e.Machine, &mac, &e.Source, &e.Text, &details, &e.Bytes, &duration, &e.Who, &e.Job, &e.Count, &e.LastAt); err != nil {
			return err
		}
		e.Duration = time.Duration(duration)
		if err := e.MAC.UnmarshalText([]byte(mac)); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(details), &e.Details); err != nil {
			return err
		}
		all = append(all, e)
		return nil
	}, `SELECT id, at, machine, mac, source, text, details, bytes, duration, who, job, count, last_at FROM journal `+where, args...)
	return all, err
}

// DecisionsSince reads the boot decisions from a time on, oldest first, as their details in JSON: whoever
// replays them reads of each what he needs.
func (t *Tx) DecisionsSince(since time.Time, each func(at time.Time, details string) error) error {
	return t.query("read boot decisions", func(r *sql.Rows) error {
		var at time.Time
		var details string
		if err := r.Scan(&at, &details); err != nil {
			return err
		}
		return each(at, details)
	}, `SELECT at, details FROM journal WHERE at >= $1 AND source = $2 ORDER BY id`, stamp(since), string(journal.Boot))
}

// AdoptEvents gives the events of a MAC to the machine that it turned out to be.
func (t *Tx) AdoptEvents(mac machine.MAC, id string, since time.Time) error {
	return t.exec("adopt journal of "+mac.String(),
		`UPDATE journal SET machine = $1 WHERE machine = '' AND mac = $2 AND at >= $3`, id, mac.String(), stamp(since))
}

// DropEvents forgets the journal before a time.
func (t *Tx) DropEvents(before time.Time) error {
	return t.exec("forget old journal", `DELETE FROM journal WHERE at < $1`, stamp(before))
}

// KeepStrangers forgets what MACs that no machine has did, but for the newest
// rows.
func (t *Tx) KeepStrangers(newest int) error {
	return t.exec("forget strangers", `DELETE FROM journal WHERE machine = '' AND id <=
		(SELECT id FROM journal WHERE machine = '' ORDER BY id DESC LIMIT 1 OFFSET $1)`, newest)
}

// Decision is the last boot decision of a MAC.
type Decision struct {
	MAC     machine.MAC
	Machine string
	Record  string // JSON of request, answer and what the answer rested on
	FirstAt time.Time
	LastAt  time.Time
	Count   int64
}

// PutDecision writes the last decision of a MAC.
func (t *Tx) PutDecision(d Decision) error {
	return t.exec("write decision for "+d.MAC.String(), `INSERT INTO decisions (mac, machine, record, first_at, last_at, count)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (mac) DO UPDATE SET machine = excluded.machine, record = excluded.record,
			first_at = excluded.first_at, last_at = excluded.last_at, count = excluded.count`,
		d.MAC.String(), d.Machine, d.Record, stamp(d.FirstAt), stamp(d.LastAt), d.Count)
}

// Decisions reads the last decision of every MAC.
func (t *Tx) Decisions() ([]Decision, error) {
	var all []Decision
	err := t.query("read decisions", func(r *sql.Rows) error {
		var d Decision
		var mac string
		if err := r.Scan(&mac, &d.Machine, &d.Record, &d.FirstAt, &d.LastAt, &d.Count); err != nil {
			return err
		}
		all = append(all, d)
		return all[len(all)-1].MAC.UnmarshalText([]byte(mac))
	}, `SELECT mac, machine, record, first_at, last_at, count FROM decisions`)
	return all, err
}

// DropDecisions forgets the decisions about MACs that no machine has.
func (t *Tx) DropDecisions(before time.Time) error {
	return t.exec("forget old decisions", `DELETE FROM decisions WHERE machine = '' AND last_at < $1`, stamp(before))
}
