package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"firstlight/server/machine"
)

// AddHistory appends a change.
func (t *Tx) AddHistory(h machine.History) error {
	return t.exec("write history of "+h.Name, `INSERT INTO history
		(id, machine, name, at, from_status, to_status, who, why, sentence, job, guards)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		h.ID, h.Machine, h.Name, stamp(h.At), string(h.From), string(h.To), h.Who, h.Why, h.Sentence, h.Job, encode(h.Guards))
}

// History reads a machine's changes, oldest first.
func (t *Tx) History(id string) ([]machine.History, error) {
	var all []machine.History
	err := t.query("read history of "+id, func(r *sql.Rows) error {
		var h machine.History
		var guards string
		if err := r.Scan(&h.ID, &h.Machine, &h.Name, &h.At, &h.From, &h.To, &h.Who, &h.Why, &h.Sentence, &h.Job, &guards); err != nil {
			return err
		}
		all = append(all, h)
		return json.Unmarshal([]byte(guards), &all[len(all)-1].Guards)
	}, `SELECT id, machine, name, at, from_status, to_status, who, why, sentence, job, guards
		FROM history WHERE machine = $1 ORDER BY id`, id)
	return all, err
}

// Became reads when machines of a delivery became one of some statuses, oldest
// first: machine, status and time are set.
func (t *Tx) Became(delivery string, statuses ...machine.Status) (all []machine.History, err error) {
	args, places := []any{delivery}, make([]string, len(statuses))
	for i, s := range statuses {
		args, places[i] = append(args, string(s)), fmt.Sprintf("$%d", i+2)
	}
	err = t.query("read the history of delivery "+delivery, func(r *sql.Rows) error {
		var h machine.History
		err := r.Scan(&h.Machine, &h.To, &h.At)
		all = append(all, h)
		return err
	}, `SELECT h.machine, h.to_status, h.at FROM facets f JOIN history h ON h.machine = f.machine
		WHERE f.delivery = $1 AND h.to_status IN (`+strings.Join(places, ", ")+`) ORDER BY h.id`, args...)
	return all, err
}

// LastIDs gives the highest ids in use of history, journal and audit.
func (t *Tx) LastIDs() (history, journal, audit int64, err error) {
	err = t.query("read last ids", func(r *sql.Rows) error {
		return r.Scan(&history, &journal, &audit)
	}, `SELECT COALESCE((SELECT MAX(id) FROM history), 0), COALESCE((SELECT MAX(id) FROM journal), 0), COALESCE((SELECT MAX(id) FROM audit), 0)`)
	return history, journal, audit, err
}
