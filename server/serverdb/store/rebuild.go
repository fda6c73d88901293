package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"firstlight/server/machine"
)

// rebuild makes the derived tables anew where an older Firstlight wrote them,
// or none did. It is one transaction: a crash leaves the old ones.
func (s *Store) rebuild(ctx context.Context) error {
	return s.Update(ctx, func(tx *Tx) error {
		have, err := tx.Meta("derived")
		if err != nil || have == derived {
			return err
		}
		if err := tx.Derive(); err != nil {
			return fmt.Errorf("rebuild derived tables: %w", err)
		}
		return tx.PutMeta("derived", derived)
	})
}

// Derive fills the derived tables from the records. It also moves the facts of
// records that were written before facts had a table.
func (t *Tx) Derive() error {
	for _, table := range []string{"facets", "facet_values", "terms", "places"} {
		if err := t.exec("empty "+table, `DELETE FROM `+table); err != nil { //nolint:gosec // names of ours
			return err
		}
	}
	type row struct {
		machine machine.Machine
		power   machine.Observed
	}
	var all []*row
	err := t.query("read machines", func(r *sql.Rows) error {
		var record string
		var observed sql.NullString
		if err := r.Scan(&record, &observed); err != nil {
			return err
		}
		v := &row{}
		if err := json.Unmarshal([]byte(record), &v.machine); err != nil {
			return err
		}
		if observed.Valid {
			if err := json.Unmarshal([]byte(observed.String), &v.power); err != nil {
				return err
			}
		}
		all = append(all, v)
		return nil
	}, `SELECT m.record, o.record FROM machines m LEFT JOIN observed o ON o.machine = m.id`)
	if err != nil {
		return err
	}
	for _, v := range all {
		if err := t.deriveMachine(&v.machine, v.power); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) deriveMachine(m *machine.Machine, o machine.Observed) error {
	facts := m.Facts
	if facts == nil {
		var err error
		if facts, err = t.Facts(m.ID); err != nil {
			return err
		}
	} else if err := t.moveFacts(m); err != nil {
		return err
	}
	if err := t.putPlaces(m, nil); err != nil {
		return err
	}
	if err := t.deriveRecord(m, nil); err != nil {
		return err
	}
	if err := t.changeFacets(machine.OfObserved, &machine.Machine{ID: m.ID, Observed: o}, nil); err != nil || facts == nil {
		return err
	}
	return t.deriveFacts(m.ID, facts)
}

// moveFacts takes the facts out of a record.
func (t *Tx) moveFacts(m *machine.Machine) error {
	facts := m.Facts
	m.Facts, m.ReportedAt = nil, m.UpdatedAt
	if err := t.exec("write machine "+m.Name, `UPDATE machines SET record = $2 WHERE id = $1`, m.ID, encode(m)); err != nil {
		return err
	}
	return t.exec("write facts of "+m.Name, `INSERT INTO facts (machine, record) VALUES ($1, $2)
		ON CONFLICT (machine) DO UPDATE SET record = excluded.record`, m.ID, encode(facts))
}
