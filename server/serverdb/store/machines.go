package store

import (
	"database/sql"
	"encoding/json"

	"firstlight/server/machine"
)

// PutMachine writes a machine and its interfaces. ErrTaken tells that another
// machine has its name, host name, a MAC or an address.
func (t *Tx) PutMachine(m *machine.Machine) error {
	err := t.exec("write machine "+m.Name, `INSERT INTO machines (id, name, status, hostname, version, record)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, status = excluded.status,
			hostname = excluded.hostname, version = excluded.version, record = excluded.record`,
		m.ID, m.Name, string(m.Status), optional(m.Hostname), m.Version, encode(m))
	if err != nil {
		return err
	}
	if err := t.exec("write interfaces of "+m.Name, `DELETE FROM nics WHERE machine = $1`, m.ID); err != nil {
		return err
	}
	for _, n := range m.NICs {
		address := ""
		if n.Address.IsValid() {
			address = n.Address.String()
		}
		err := t.exec("write interface "+n.MAC.String()+" of "+m.Name,
			`INSERT INTO nics (mac, machine, address) VALUES ($1, $2, $3)`, n.MAC.String(), m.ID, optional(address))
		if err != nil {
			return err
		}
	}
	return nil
}

// PutObserved writes what was last seen of a machine.
func (t *Tx) PutObserved(id string, o machine.Observed) error {
	return t.exec("write what was seen of "+id, `INSERT INTO observed (machine, record) VALUES ($1, $2)
		ON CONFLICT (machine) DO UPDATE SET record = excluded.record`, id, encode(o))
}

// Machines reads all of them.
func (t *Tx) Machines() ([]*machine.Machine, error) {
	var all []*machine.Machine
	err := t.query("read machines", func(r *sql.Rows) error {
		var record string
		var observed sql.NullString
		if err := r.Scan(&record, &observed); err != nil {
			return err
		}
		m := &machine.Machine{}
		if err := json.Unmarshal([]byte(record), m); err != nil {
			return err
		}
		if observed.Valid {
			m.Observed = machine.Observed{}
			if err := json.Unmarshal([]byte(observed.String), &m.Observed); err != nil {
				return err
			}
		}
		all = append(all, m)
		return nil
	}, `SELECT m.record, o.record FROM machines m LEFT JOIN observed o ON o.machine = m.id ORDER BY m.name`)
	return all, err
}

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

// LastIDs gives the highest ids in use of history, journal and audit.
func (t *Tx) LastIDs() (history, journal, audit int64, err error) {
	err = t.query("read last ids", func(r *sql.Rows) error {
		return r.Scan(&history, &journal, &audit)
	}, `SELECT COALESCE((SELECT MAX(id) FROM history), 0), COALESCE((SELECT MAX(id) FROM journal), 0), COALESCE((SELECT MAX(id) FROM audit), 0)`)
	return history, journal, audit, err
}
