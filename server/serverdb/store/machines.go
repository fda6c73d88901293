package store

import (
	"database/sql"
	"encoding/json"

	"firstlight/server/machine"
)

// PutMachine writes a machine and its interfaces over the version that was
// read, 0 for a new one: ErrConflict tells that it has another by now, ErrTaken
// that another machine has its name, host name, a MAC or an address.
func (t *Tx) PutMachine(m *machine.Machine, read int64) error {
	err := t.swap("write machine "+m.Name, read,
		`INSERT INTO machines (id, name, status, hostname, version, record) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		`UPDATE machines SET name = $2, status = $3, hostname = $4, version = $5, record = $6 WHERE id = $1 AND version = $7`,
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
func (t *Tx) Machines() ([]*machine.Machine, error) { return t.machines(`ORDER BY m.name`) }

// Machine reads one, nil where there is none.
func (t *Tx) Machine(id string) (*machine.Machine, error) {
	all, err := t.machines(`WHERE m.id = $1`, id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// HostnameTaken tells whether a machine has a host name.
func (t *Tx) HostnameTaken(name string) (taken bool, err error) {
	err = t.query("look for host name "+name, func(*sql.Rows) error { taken = true; return nil },
		`SELECT 1 FROM machines WHERE hostname = $1`, name)
	return taken, err
}

func (t *Tx) machines(where string, args ...any) ([]*machine.Machine, error) {
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
	}, `SELECT m.record, o.record FROM machines m LEFT JOIN observed o ON o.machine = m.id `+where, args...)
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
